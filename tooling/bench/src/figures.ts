import type { Benchmark, Measurement, Stages } from './benchmark.ts';
import { machine, unitOf } from './report.ts';
import type { MeasuredRow } from './run-benchmark.ts';

/** What was measured, as JSON: for a site that shows it, or another run that is compared with it. */
export interface Figures {
  readonly machine: ReturnType<typeof machine>;
  readonly versions: Readonly<Record<string, string>>;
  /** Cores that everybody computed on; WASM has one. */
  readonly threads: number;
  /** Whether cases were small ones, run once: figures that mean nothing. */
  readonly quick: boolean;
  readonly benchmarks: readonly BenchmarkFigures[];
}

export interface BenchmarkFigures {
  readonly package: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly RowFigures[];
}

export interface RowFigures {
  readonly work: string;
  readonly measure: NonNullable<MeasuredRow['measure']>;
  readonly unit: ReturnType<typeof unitOf>;
  readonly facts: Readonly<Record<string, string | number>>;
  readonly subject: ContenderFigures;
  readonly reference?: ContenderFigures;
  /** Subject to reference. */
  readonly ratio?: number;
  /** What the ratio shall be at most, or the value where there is no reference. */
  readonly atMost?: number;
  /** Why a value is absent. */
  readonly missing?: string;
}

export interface ContenderFigures {
  readonly contender: string;
  /** Absent where it could not be measured. */
  readonly value?: number;
  /** Resident memory in MB before a model is there, and with it. */
  readonly stages?: Stages;
  /** Memory of tensors at the peak, in MB. */
  readonly tensorMemory?: number;
}

export function benchmarkFigures(
  name: string,
  { title, about }: Benchmark,
  rows: readonly MeasuredRow[],
): BenchmarkFigures {
  return { package: name, title, about, rows: rows.map(rowFigures) };
}

function rowFigures(row: MeasuredRow): RowFigures {
  const { work, measure = 'time', facts = {}, subject, reference, value, referenceValue, atMost, missing } = row;
  const side = ({ contender }: Measurement, value?: number, stages?: Stages, tensorMemory?: number) => ({
    contender,
    ...(value !== undefined && { value }),
    ...(stages !== undefined && { stages }),
    ...(tensorMemory !== undefined && { tensorMemory }),
  });
  return {
    work,
    measure,
    unit: unitOf(row),
    facts,
    subject: side(subject, value, row.stages, row.tensorMemory),
    ...(reference && { reference: side(reference, referenceValue, row.referenceStages) }),
    ...(value !== undefined && referenceValue !== undefined && { ratio: value / referenceValue }),
    ...(atMost !== undefined && { atMost }),
    ...(missing !== undefined && { missing }),
  };
}
