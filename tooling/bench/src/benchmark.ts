/**
 * What can be measured: a median time in ms; the time from preparing a case to its first result in a fresh process, in ms; the peak resident
 * memory of a fresh process in MB, or how much of it the run adds; the memory of tensors at the peak in MB; the number of operations that
 * native TensorFlow runs.
 */
export type Measure = 'time' | 'opening' | 'resident' | 'memory' | 'tensors' | 'operations';

/** What a package's benchmarks/*.bench.ts exports as `benchmark`. Bench files cannot import this package, so they only look like it. */
export interface Benchmark {
  readonly title: string;
  /** A sentence or two above the table. */
  readonly about: string;
  /**
   * Scripts that write what the cases read (weights, texts), run in this order before anything is measured: beside the bench file, or
   * `references/…`. Each is called with the folder to write to and `full` or `quick`; every case then has that folder as `folder`.
   */
  readonly materials?: readonly string[];
  /** By the names that rows use. */
  readonly contenders: Readonly<Record<string, Contender>>;
  readonly rows: readonly Row[];
}

export interface Contender {
  /**
   * The module (or Python file) that prepares its cases, beside the bench file; `references/…` lies in tooling/bench. It exports
   * `prepare(case)`, which gives the function that is measured.
   */
  readonly file: string;
  /** Which tfjs backend it needs. Absent: none. */
  readonly backend?: 'tensorflow' | 'wasm' | 'cpu';
  /** tfjs without Heed's kernels. */
  readonly stock?: boolean;
}

export interface Measurement {
  readonly contender: string;
  /** JSON, handed to the contender's `prepare`. */
  readonly case: unknown;
}

/** Memory of a fresh process, in MB: what the library takes before a model is there, and with the model. */
export interface Stages {
  readonly started: number;
  readonly opened: number;
}

export interface Row {
  readonly work: string;
  readonly subject: Measurement;
  /** Absent: the number is shown by itself. */
  readonly reference?: Measurement;
  /** What the ratio of subject to reference shall be at most; without a reference, the number itself. */
  readonly atMost?: number;
  /**
   * Both sides first run so many times, and what they give must agree, numbers within this relative error and texts exactly, or nothing is
   * measured: nobody times a wrong answer. In fresh processes the runs that are measured are compared. Absent: they compute with different numbers.
   */
  readonly agree?: {
    readonly runs: number;
    readonly within: number;
    /** Fraction of texts that may differ, where rounding decides between equally good ones. Default 0. */
    readonly otherTexts?: number;
  };
  /** Default time. */
  readonly measure?: Exclude<Measure, 'tensors'>;
  /** The field of the case that says how many pieces of work a run does; the time shown is that of one. */
  readonly per?: string;
  /** Fields that the cases of both sides have instead in the quick form. */
  readonly quick?: object;
  /** Whether the memory of tensors at the peak is shown too, in MB. */
  readonly tensors?: boolean;
  /** Default 9, in fresh processes 1. */
  readonly rounds?: number;
  /** Further cells, by the heading of their column. */
  readonly facts?: Readonly<Record<string, string | number>>;
}

/** Throws where a bench file does not export what it should. */
export function requireBenchmark(path: string, module: Record<string, unknown>): Benchmark {
  const { benchmark } = module as { benchmark?: Benchmark };
  if (benchmark === undefined || !Array.isArray(benchmark.rows)) {
    throw new Error(
      `bench: ${path} must export \`benchmark\` with rows, got ${Object.keys(module).join(', ') || 'nothing'}`,
    );
  }
  for (const { work, subject, reference } of benchmark.rows) {
    for (const { contender } of [subject, ...(reference === undefined ? [] : [reference])]) {
      if (benchmark.contenders[contender] !== undefined) continue;
      throw new Error(`bench: ${path}: row "${work}" must name one of its contenders, got ${contender}`);
    }
  }
  return benchmark;
}
