/** How well labels were told. */
export interface ClassificationReport {
  /** Share of examples whose label was told. */
  readonly accuracy: number;
  /** The mean of the labels' F1. */
  readonly macroF1: number;
  /** In the order of the labels. */
  readonly perLabel: readonly {
    readonly label: string;
    /** Share of the examples told to have it that have it; 0 where none was. */
    readonly precision: number;
    /** Share of the examples that have it that were told to; 0 where none has. */
    readonly recall: number;
    /** 2PR / (P + R). */
    readonly f1: number;
    /** Examples that have it. */
    readonly examples: number;
  }[];
  /** confusion[i][j]: examples of label i that were told to have label j. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Compares labels with those that were told, as scikit-learn's `classification_report` and `confusion_matrix`.
 *
 * @throws if there are no examples, the two differ in number, or a label is not among `labels`
 *
 * @example
 * ```ts
 * import { classificationReport } from '@heed/tasks';
 * const { accuracy } = classificationReport(['a', 'b', 'b'], ['a', 'b', 'a'], ['a', 'b']);
 * console.log(accuracy.toFixed(2)); // 0.67
 * ```
 */
export function classificationReport(
  expected: readonly string[],
  told: readonly string[],
  labels: readonly string[],
): ClassificationReport {
  if (expected.length === 0 || expected.length !== told.length) {
    throw new Error(
      `classificationReport: there must be as many labels as were told, and at least one, got ${expected.length} and ${told.length}`,
    );
  }
  const indexOf = (label: string): number => {
    const index = labels.indexOf(label);
    if (index < 0) {
      throw new Error(
        `classificationReport: a label must be among ${JSON.stringify(labels)}, got ${JSON.stringify(label)}`,
      );
    }
    return index;
  };
  const confusion = labels.map(() => labels.map(() => 0));
  for (const [i, label] of expected.entries()) confusion[indexOf(label)][indexOf(told[i])]++;
  const perLabel = labels.map((label, i) => {
    const right = confusion[i][i];
    const examples = sum(confusion[i]);
    const precision = ratio(right, sum(confusion.map((row) => row[i])));
    const recall = ratio(right, examples);
    return { label, precision, recall, f1: ratio(2 * precision * recall, precision + recall), examples };
  });
  return {
    accuracy: sum(confusion.map((row, i) => row[i])) / expected.length,
    macroF1: sum(perLabel.map(({ f1 }) => f1)) / labels.length,
    perLabel,
    confusion,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
