import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Contender, Measure, Measurement, Row } from './benchmark.ts';
import { ContenderProcess, nodeWorker } from './contender-process.ts';

export interface MeasuredRow extends Row {
  /** Median, in ms or MB; absent where it could not be measured. */
  readonly value?: number;
  readonly referenceValue?: number;
  /** MB at the peak. */
  readonly tensorMemory?: number;
  /** Why something is absent. */
  readonly missing?: string;
}

const ROUNDS = 9;

/**
 * Measures all rows: subject and reference in turn, so that what else the machine does meets both alike.
 *
 * @param path of the bench file
 * @param python one that has torch
 */
export async function runBenchmark(
  path: string,
  benchmark: Benchmark,
  { python, onRow }: { python: string | undefined; onRow: (row: MeasuredRow) => void },
): Promise<MeasuredRow[]> {
  const processes = new Map<string, ContenderProcess>();
  const processOf = (name: string): ContenderProcess => {
    const known = processes.get(name) ?? start(path, benchmark.contenders[name], python);
    processes.set(name, known);
    return known;
  };
  const measured: MeasuredRow[] = [];
  try {
    for (const row of benchmark.rows) {
      const result = await measureRow(row, (name) =>
        row.measure === 'memory' ? start(path, benchmark.contenders[name], python) : processOf(name),
      );
      measured.push(result);
      onRow(result);
    }
  } finally {
    for (const started of processes.values()) started.stop();
  }
  return measured;
}

async function measureRow(row: Row, processOf: (name: string) => ContenderProcess): Promise<MeasuredRow> {
  const { subject, reference, measure = 'time' } = row;
  const sides = reference === undefined ? [subject] : [subject, reference];
  const values: number[][] = sides.map(() => []);
  let tensorMemory: number | undefined;
  try {
    for (let round = 0; round < (measure === 'memory' ? 1 : (row.rounds ?? ROUNDS)); round++) {
      for (const [i, side] of sides.entries()) values[i].push(await measureOnce(side, measure, processOf));
    }
    if (row.tensors === true) tensorMemory = await measureOnce(subject, 'tensors', processOf);
  } catch (error) {
    return { ...row, missing: error instanceof Error ? error.message : String(error) };
  }
  const [value, referenceValue] = values.map(median);
  return {
    ...row,
    value,
    ...(reference === undefined ? {} : { referenceValue }),
    ...(tensorMemory === undefined ? {} : { tensorMemory }),
  };
}

async function measureOnce(
  { contender, case: given }: Measurement,
  measure: Measure,
  processOf: (name: string) => ContenderProcess,
): Promise<number> {
  const worker = processOf(contender);
  try {
    return await worker.measure(given, measure);
  } finally {
    if (measure === 'memory') worker.stop();
  }
}

/** @throws if the contender cannot be started on this machine */
function start(path: string, { file, backend, stock = false }: Contender, python?: string): ContenderProcess {
  const at = file.startsWith('references/') ? fileURLToPath(new URL(file, import.meta.url)) : join(dirname(path), file);
  if (!file.endsWith('.py')) return new ContenderProcess(nodeWorker(at, backend, stock));
  if (python === undefined) throw new Error('no Python with torch');
  return new ContenderProcess([python, fileURLToPath(new URL('references/worker.py', import.meta.url)), at]);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
