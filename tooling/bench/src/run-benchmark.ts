import { setTimeout } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Contender, Measure, Measurement, Row } from './benchmark.ts';
import { ContenderProcess, nodeWorker } from './contender-process.ts';
import { median } from './median.ts';

export interface MeasuredRow extends Row {
  /** Median, in ms or MB; absent where it could not be measured. */
  readonly value?: number;
  readonly referenceValue?: number;
  /** MB at the peak. */
  readonly tensorMemory?: number;
  /** Why the value is absent, or else that of the reference. */
  readonly missing?: string;
}

export interface BenchmarkOptions {
  /** A Python that has torch. */
  readonly python: string | undefined;
  /** How many threads everybody has; WASM has one. */
  readonly threads: number;
  /** In place of the rows' own. */
  readonly rounds: number | undefined;
  readonly onRow: (row: MeasuredRow) => void;
}

const ROUNDS = 9;

/** Milliseconds between two turns: threads of the one before may spin on after its work. */
const PAUSE = 200;

/**
 * Measures all rows: subject and reference in turn, so that what else the machine does meets both alike.
 *
 * @param path of the bench file
 */
export async function runBenchmark(
  path: string,
  benchmark: Benchmark,
  { python, threads, rounds, onRow }: BenchmarkOptions,
): Promise<MeasuredRow[]> {
  const begin = (name: string) => start(path, benchmark.contenders[name], { python, threads });
  const processes = new Map<string, ContenderProcess>();
  const processOf = (name: string): ContenderProcess => {
    const known = processes.get(name) ?? begin(name);
    processes.set(name, known);
    return known;
  };
  const measured: MeasuredRow[] = [];
  try {
    for (const [i, given] of benchmark.rows.entries()) {
      const row = rounds === undefined ? given : { ...given, rounds };
      const fresh: ContenderProcess[] = []; // memory is that of a process which has done nothing else
      const result = await measureRow(row, (name) => {
        if (row.measure !== 'memory') return processOf(name);
        fresh.push(begin(name));
        return fresh.at(-1)!;
      });
      for (const process of fresh) process.stop();
      measured.push(result);
      onRow(result);
      for (const [name, started] of processes) {
        if (benchmark.rows.slice(i + 1).some((later) => uses(later, name))) continue;
        started.stop(); // what waits for nothing holds no memory
        processes.delete(name);
      }
    }
  } finally {
    for (const started of processes.values()) started.stop();
  }
  return measured;
}

function uses({ subject, reference }: Row, contender: string): boolean {
  return subject.contender === contender || reference?.contender === contender;
}

async function measureRow(row: Row, processOf: (name: string) => ContenderProcess): Promise<MeasuredRow> {
  const { subject, measure = 'time' } = row;
  const missing = await whyReferenceCannot(row, processOf);
  const reference = missing === undefined ? row.reference : undefined;
  const sides = reference === undefined ? [subject] : [subject, reference];
  const values: number[][] = sides.map(() => []);
  let tensorMemory: number | undefined;
  try {
    if (reference !== undefined && row.agree !== undefined) {
      await requireAgreement(subject, reference, row.agree, processOf);
    }
    for (let round = 0; round < (measure === 'time' ? (row.rounds ?? ROUNDS) : 1); round++) {
      for (const [i, side] of sides.entries()) {
        await setTimeout(PAUSE);
        values[i].push(await measureOnce(side, measure, processOf));
      }
    }
    if (row.tensors === true) tensorMemory = await measureOnce(subject, 'tensors', processOf);
  } catch (error) {
    return { ...row, missing: reasonOf(error) };
  }
  const [value, referenceValue] = values.map(median);
  return {
    ...row,
    value,
    ...(missing === undefined ? {} : { missing }),
    ...(reference === undefined ? {} : { referenceValue }),
    ...(tensorMemory === undefined ? {} : { tensorMemory }),
  };
}

/** What keeps a row's reference from being measured on this machine; the subject is measured alone then. */
async function whyReferenceCannot(
  { reference, measure = 'time', agree }: Row,
  processOf: (name: string) => ContenderProcess,
): Promise<string | undefined> {
  if (reference === undefined || measure === 'memory') return undefined;
  try {
    const worker = processOf(reference.contender);
    await (agree === undefined ? worker.measure(reference.case, measure) : worker.outputs(reference.case, agree.runs));
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
    if (measure === 'memory') worker.stop(); // before the other side needs the room
  }
}

/** @throws if subject and reference do not give the same */
async function requireAgreement(
  subject: Measurement,
  reference: Measurement,
  { runs, within }: NonNullable<Row['agree']>,
  processOf: (name: string) => ContenderProcess,
): Promise<void> {
  const own = await processOf(subject.contender).outputs(subject.case, runs);
  const other = await processOf(reference.contender).outputs(reference.case, runs);
  const size = Math.max(...other.map(Math.abs));
  const error = Math.max(...other.map((value, i) => Math.abs(value - own[i]))) / size;
  if (own.length === other.length && error <= within) return;
  const difference =
    own.length === other.length
      ? `${error.toPrecision(2)} of the largest`
      : `${own.length} for ${other.length} numbers`;
  throw new Error(`${subject.contender} and ${reference.contender} must agree within ${within}, got ${difference}`);
}

/** @throws if the contender cannot be started on this machine */
function start(
  path: string,
  { file, backend, stock = false }: Contender,
  { python, threads }: Pick<BenchmarkOptions, 'python' | 'threads'>,
): ContenderProcess {
  const at = file.startsWith('references/') ? fileURLToPath(new URL(file, import.meta.url)) : join(dirname(path), file);
  if (!file.endsWith('.py')) return new ContenderProcess(nodeWorker(at, backend, stock), threads);
  if (python === undefined) throw new Error('no Python with torch');
  const worker = fileURLToPath(new URL('references/worker.py', import.meta.url));
  return new ContenderProcess([python, worker, at], threads);
}
