/**
 * What can be measured: a median time in ms, what a fresh process grows by in MB, the memory of tensors at the peak in MB, how many
 * operations native TensorFlow is asked for.
 */
export type Measure = 'time' | 'memory' | 'tensors' | 'operations';

/** What a package's benchmarks/*.bench.ts exports as `benchmark`. Bench files cannot import this package, so they only look like it. */
export interface Benchmark {
  readonly title: string;
  /** A sentence or two above the table. */
  readonly about: string;
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

export interface Row {
  readonly work: string;
  readonly subject: Measurement;
  /** Absent: the number is shown by itself. */
  readonly reference?: Measurement;
  /** What the ratio of subject to reference shall be at most; without a reference, the number itself. */
  readonly atMost?: number;
  /**
   * Both sides first run so many times, and what they give must agree within this relative error, or nothing is measured: nobody times a
   * wrong answer. Absent: they compute with different numbers.
   */
  readonly agree?: { readonly runs: number; readonly within: number };
  /** Default time. */
  readonly measure?: 'time' | 'memory' | 'operations';
  /** Whether the memory of tensors at the peak is shown too, in MB. */
  readonly tensors?: boolean;
  /** Default 9. */
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
