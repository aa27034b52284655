import type { LedgerEntry } from '../../data/results.data.ts';

/** A figure of the ledger with its unit. @throws if the entry has no such figure */
export function formatFigure(entry: LedgerEntry | undefined, name: string, from: 'ours' | 'baseline' = 'ours'): string {
  const values = from === 'ours' ? entry?.ours : entry?.baseline?.figures;
  const value = values?.[name];
  if (entry === undefined || value === undefined) throw new Error(`the ledger has no figure "${name}" (${from})`);
  const { unit, digits = 2 } = entry.figures[name];
  return `${value.toFixed(digits)}${unit === undefined ? '' : `\u202f${unit}`}`;
}
