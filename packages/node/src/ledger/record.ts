import { readFile } from 'node:fs/promises';
import { writeAtomically } from '../files/write-atomically.ts';
import type { FigureDefinitions, Measured, ResultEntry } from './define-result.ts';
import type { Machine } from './machine.ts';

/** What one complete run of an entry measured, with all that one needs to judge it: the content of `<name>.json`. */
export interface ResultRecord {
  readonly task: string;
  readonly figures: FigureDefinitions;
  readonly ours: Readonly<Record<string, number>>;
  readonly baseline?: { readonly name: string; readonly figures?: Readonly<Record<string, number>> };
  readonly published?: { readonly value: string; readonly source: string };
  readonly command: string;
  readonly protocol: string;
  readonly seed: number;
  readonly minutes: number;
  /** ISO date. */
  readonly measured: string;
  readonly backend: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly data: readonly { readonly name: string; readonly sha256: Readonly<Record<string, string>> }[];
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What surrounds the measurement. */
export interface Circumstances {
  readonly command: string;
  readonly minutes: number;
  readonly backend: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

/** Joins an entry with what its run measured. */
export function makeRecord(entry: ResultEntry, measured: Measured, around: Circumstances): ResultRecord {
  const { task, figures, baseline, published, protocol, seed, data } = entry;
  return {
    task,
    figures,
    ours: measured.ours,
    ...(baseline !== undefined && {
      baseline: { name: baseline, ...(measured.baseline !== undefined && { figures: measured.baseline }) },
    }),
    ...(published !== undefined && { published }),
    command: around.command,
    protocol,
    seed,
    minutes: Number(around.minutes.toPrecision(3)),
    measured: new Date().toISOString().slice(0, 10),
    backend: around.backend,
    machine: around.machine,
    versions: around.versions,
    data: data.map(({ name, files }) => ({
      name,
      sha256: Object.fromEntries(files.map((file) => [file.name, file.sha256])),
    })),
    ...(measured.details !== undefined && { details: measured.details }),
  };
}

/** @throws unless each declared figure, and no other, was measured, as a finite number */
export function requireFigures(name: string, entry: ResultEntry, measured: Measured): void {
  const declared = Object.keys(entry.figures).sort().join(', ');
  for (const [whose, values] of Object.entries({ ours: measured.ours, baseline: measured.baseline })) {
    if (values === undefined) continue;
    const given = Object.keys(values).sort().join(', ');
    if (given !== declared)
      throw new Error(`heed results ${name}: ${whose} must be the figures ${declared}, got ${given}`);
    const wrong = Object.entries(values).find(([, value]) => !Number.isFinite(value));
    if (wrong !== undefined) {
      throw new Error(`heed results ${name}: ${whose} must be finite numbers, got ${wrong[0]} = ${wrong[1]}`);
    }
  }
}

/** `PER 7.41 %, WER 31.20 %` */
export function formatFigures(figures: FigureDefinitions, values: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(
      ([key, { name, unit, digits = 2 }]) =>
        `${name} ${values[key].toFixed(digits)}${unit === undefined ? '' : ` ${unit}`}`,
    )
    .join(', ');
}

export async function writeRecord(path: string, record: ResultRecord): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(record, null, 2)}\n`, 'heed results');
}

/** @throws if the file is not a record */
export async function readRecord(path: string): Promise<ResultRecord> {
  const record: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (typeof record === 'object' && record !== null && 'task' in record && 'ours' in record && 'figures' in record) {
    return record as ResultRecord;
  }
  throw new Error(`heed results: ${path} must be a record that heed results wrote, got something else`);
}
