import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { groups } from './cases/groups.ts';
import type { Measured, MeasuredOps } from './measure.ts';

const run = promisify(execFile);

/** The backends of the table, in its order. */
export const backends = ['tensorflow', 'wasm', 'cpu'] as const;

const SYMBOLS: Record<Measured['support'], string> = { trains: '✓', value: 'value', wrong: 'wrong', none: '–' };

/** Measures in a process of its own; undefined where the backend does not load. */
async function measure(backend: string, ...mode: string[]): Promise<MeasuredOps | undefined> {
  const script = fileURLToPath(new URL('measure.ts', import.meta.url));
  const args = ['--conditions=@heed/source', '--import', 'tsx', script, backend, ...mode];
  try {
    const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 26 });
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as MeasuredOps;
  } catch {
    return undefined;
  }
}

/**
 * OPS.md as this machine would write it. Columns of backends that do not load are taken from `previous`, the text as it is.
 */
export async function opsTable(previous: string): Promise<string> {
  const [stock, ...measured] = await Promise.all([measure('wasm', 'stock'), ...backends.map((name) => measure(name))]);
  const known = previousCells(previous);
  const lines = [
    '# Ops, gradients, backends',
    '',
    'What an op gives on each backend once `@heed/attention-core` is imported, found by running it: values against the cpu',
    'backend, gradients against finite differences. ✓ value and gradients · value: no gradient (a stop) · – does not run.',
    'The last columns tell what tfjs 4.22 alone gives on WASM, and which kernels and gradients of Heed’s took part.',
    '',
    'Not on WASM: complex numbers and Fourier transforms (write them as matrix products), ragged tensors.',
    '',
    'Written by `npx pnpm@12 --filter @heed/bench ops`; a test compares.',
  ];
  for (const { title, cases } of groups) {
    lines.push(
      '',
      `## ${title}`,
      '',
      '| op | tensorflow | wasm | cpu | tfjs alone, wasm | Heed’s own |',
      '|---|---|---|---|---|---|',
    );
    for (const { name } of cases) {
      const before = known.get(name) ?? [];
      const cells = measured.map((ops, i) => (ops === undefined ? (before[i] ?? '?') : SYMBOLS[ops[name].support]));
      const alone = stock === undefined ? (before[3] ?? '?') : SYMBOLS[stock[name].support];
      const own = measured.flatMap((ops) => ops?.[name].own ?? []);
      lines.push(`| ${name} | ${cells.join(' | ')} | ${alone} | ${[...new Set(own)].sort().join(', ')} |`);
    }
  }
  return format(lines.join('\n'), { ...(await resolveConfig(import.meta.url)), parser: 'markdown' });
}

function previousCells(text: string): Map<string, string[]> {
  const rows = text.split('\n').filter((line) => line.startsWith('| '));
  return new Map(
    rows.map((row) => {
      const [name, ...cells] = row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return [name, cells];
    }),
  );
}
