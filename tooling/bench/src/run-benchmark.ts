import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Contender, Measure, Measurement, Row, Stages } from './benchmark.ts';
import { ContenderProcess, nodeWorker, type FirstRun } from './contender-process.ts';
import { makeMaterials } from './make-materials.ts';
import { median } from './median.ts';
import { disagreement, type Outputs } from './outputs.ts';

export interface MeasuredRow extends Row {
  /** Median, in ms or MB; absent where it could not be measured. */
  readonly value?: number;
  readonly referenceValue?: number;
  /** Where resident memory is measured. */
  readonly stages?: Stages;
  readonly referenceStages?: Stages;
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
  /** Small cases, run once each without warming up: whether they run at all. */
  readonly quick: boolean;
  readonly onRow: (row: MeasuredRow) => void;
}

type Settings = Pick<BenchmarkOptions, 'python' | 'threads' | 'quick'>;

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
  { rounds, onRow, ...settings }: BenchmarkOptions,
): Promise<MeasuredRow[]> {
  const folder = benchmark.materials && (await mkdtemp(join(tmpdir(), 'heed-bench-')));
  const measured: MeasuredRow[] = [];
  const contenders = new Contenders(path, benchmark.contenders, settings);
  let missing: string | undefined;
  try {
    if (folder !== undefined) {
      const scripts = benchmark.materials!.map((file) => locate(path, file));
      missing = await makeMaterials(scripts, folder, settings).then(() => undefined, reasonOf);
    }
    for (const [i, given] of benchmark.rows.entries()) {
      const row = rowOf(given, { folder, rounds, quick: settings.quick });
      const result = missing === undefined ? await measureRow(row, contenders) : { ...row, missing };
      measured.push(result);
      onRow(result);
      contenders.stopAllBut(benchmark.rows.slice(i + 1)); // what waits for nothing holds no memory
    }
  } finally {
    contenders.stopAllBut([]);
    if (folder !== undefined) await rm(folder, { recursive: true });
  }
  return measured;
}

/** A row as it is run: with the folder of its materials, and in the quick form with the cases of that. */
function rowOf(
  row: Row,
  { folder, rounds, quick }: { folder: string | undefined; rounds: number | undefined; quick: boolean },
): Row {
  if (folder === undefined && !quick && rounds === undefined) return row;
  const added = { ...(folder !== undefined && { folder }), ...(quick && row.quick) };
  const complete = (side: Measurement): Measurement =>
    Object.keys(added).length === 0 ? side : { ...side, case: { ...(side.case as object), ...added } };
  const shown = quick ? 1 : rounds;
  return {
    ...row,
    subject: complete(row.subject),
    ...(row.reference && { reference: complete(row.reference) }),
    ...(shown !== undefined && { rounds: shown }),
  };
}

/** The processes that measure. */
class Contenders {
  private readonly running = new Map<string, ContenderProcess>();

  constructor(
    private readonly path: string,
    private readonly contenders: Benchmark['contenders'],
    private readonly settings: Settings,
  ) {}

  /** The one that keeps its cases. @throws if it cannot be started on this machine */
  get(name: string): ContenderProcess {
    const process = this.running.get(name) ?? this.begin(name);
    this.running.set(name, process);
    return process;
  }

  /** Has a new process do something, and ends it. @throws as `get` */
  async fresh<T>(name: string, use: (process: ContenderProcess) => Promise<T>): Promise<T> {
    const process = this.begin(name);
    try {
      return await use(process);
    } finally {
      process.stop();
    }
  }

  stopAllBut(rows: readonly Row[]): void {
    const needed = rows.flatMap(({ subject, reference }) => [subject.contender, reference?.contender]);
    for (const [name, process] of this.running) {
      if (needed.includes(name)) continue;
      process.stop();
      this.running.delete(name);
    }
  }

  private begin(name: string): ContenderProcess {
    const { file, backend, stock = false }: Contender = this.contenders[name];
    const { python, threads, quick } = this.settings;
    const at = locate(this.path, file);
    if (!file.endsWith('.py')) return new ContenderProcess(nodeWorker(at, { backend, stock, quick }), threads);
    if (python === undefined) throw new Error('no Python with torch');
    const worker = fileURLToPath(new URL('references/worker.py', import.meta.url));
    return new ContenderProcess([python, worker, at, quick ? 'quick' : 'full'], threads);
  }
}

function locate(path: string, file: string): string {
  return file.startsWith('references/') ? fileURLToPath(new URL(file, import.meta.url)) : join(dirname(path), file);
}

async function measureRow(row: Row, contenders: Contenders): Promise<MeasuredRow> {
  const { subject, measure = 'time', rounds } = row;
  if (measure === 'opening' || measure === 'resident') return measureFirstRuns(row, measure, contenders);
  const missing = await whyReferenceCannot(row, contenders);
  const reference = missing === undefined ? row.reference : undefined;
  const sides = reference === undefined ? [subject] : [subject, reference];
  const values: number[][] = sides.map(() => []);
  let tensorMemory: number | undefined;
  try {
    if (reference !== undefined && row.agree !== undefined) {
      await requireAgreement(subject, reference, row.agree, { measure, contenders });
    }
    for (let round = 0; round < (measure === 'time' ? (rounds ?? ROUNDS) : 1); round++) {
      for (const [i, side] of sides.entries()) {
        await setTimeout(PAUSE);
        values[i].push((await measureOnce(side, measure, contenders)) / pieces(row, side));
      }
    }
    if (row.tensors === true) tensorMemory = await measureOnce(subject, 'tensors', contenders);
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

/** Of what is measured once in a process. */
async function measureFirstRuns(
  row: Row,
  measure: 'opening' | 'resident',
  contenders: Contenders,
): Promise<MeasuredRow> {
  const { subject, reference, rounds = 1 } = row;
  const [own, other]: [FirstRun[], FirstRun[]] = [[], []];
  const once = async ({ contender, case: given }: Measurement) => {
    await setTimeout(PAUSE);
    return contenders.fresh(contender, (process) => process.first(given, measure));
  };
  let missing: string | undefined;
  try {
    for (let round = 0; round < rounds; round++) {
      own.push(await once(subject));
      if (reference === undefined || missing !== undefined) continue;
      try {
        other.push(await once(reference));
      } catch (error) {
        missing = reasonOf(error);
      }
    }
    if (other.length > 0 && row.agree !== undefined) {
      requireEqual(row.subject, row.reference!, own[0].outputs, other[0].outputs, row.agree);
    }
  } catch (error) {
    return { ...row, missing: reasonOf(error) };
  }
  const middle = (runs: readonly FirstRun[]) => ({
    value: median(runs.map(({ value }) => value)),
    ...(runs[0].stages && {
      stages: {
        started: median(runs.map(({ stages }) => stages!.started)),
        opened: median(runs.map(({ stages }) => stages!.opened)),
      },
    }),
  });
  if (other.length === 0) return { ...row, ...middle(own), ...(missing === undefined ? {} : { missing }) };
  const { value: referenceValue, stages: referenceStages } = middle(other);
  return { ...row, ...middle(own), referenceValue, ...(referenceStages && { referenceStages }) };
}

/** How many pieces of work a run does. */
function pieces({ work, per }: Row, { case: given }: Measurement): number {
  if (per === undefined) return 1;
  const count = (given as Record<string, unknown>)[per];
  if (typeof count === 'number' && count > 0) return count;
  throw new Error(`row "${work}": per must name a field of the case that is a number, got ${per}`);
}

/** What keeps a row's reference from being measured on this machine; the subject is measured alone then. */
async function whyReferenceCannot(
  { reference, measure = 'time', agree }: Row,
  contenders: Contenders,
): Promise<string | undefined> {
  if (reference === undefined || measure === 'memory') return undefined;
  try {
    const worker = contenders.get(reference.contender);
    await (agree === undefined ? worker.measure(reference.case, measure) : worker.outputs(reference.case, agree.runs));
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function measureOnce(
  { contender, case: given }: Measurement,
  measure: Measure,
  contenders: Contenders,
): Promise<number> {
  if (measure === 'memory') return contenders.fresh(contender, (process) => process.measure(given, measure));
  return contenders.get(contender).measure(given, measure);
}

/** @throws if subject and reference do not give the same */
async function requireAgreement(
  subject: Measurement,
  reference: Measurement,
  agree: NonNullable<Row['agree']>,
  { measure, contenders }: { readonly measure: Measure; readonly contenders: Contenders },
): Promise<void> {
  const outputsOf = ({ contender, case: given }: Measurement): Promise<Outputs> =>
    measure === 'memory' // what is compared shall not hold the room of what is measured
      ? contenders.fresh(contender, (process) => process.outputs(given, agree.runs))
      : contenders.get(contender).outputs(given, agree.runs);
  const own = await outputsOf(subject);
  const other = await outputsOf(reference);
  requireEqual(subject, reference, own, other, agree);
}

function requireEqual(
  subject: Measurement,
  reference: Measurement,
  own: Outputs,
  other: Outputs,
  agree: NonNullable<Row['agree']>,
): void {
  const difference = disagreement(own, other, agree);
  if (difference === undefined) return;
  throw new Error(`${subject.contender} and ${reference.contender} must give the same, got ${difference}`);
}
