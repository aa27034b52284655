import type { TrainingHistory } from '../loop/events.ts';

/** A history as JSON, which has no NaN and no infinities: metrics of such values become texts. */
export function stringifyHistory({ losses, epochs, evaluations }: TrainingHistory): string {
  return JSON.stringify({
    losses,
    epochs,
    evaluations: evaluations.map((evaluation) => ({
      ...evaluation,
      metrics: mapValues(evaluation.metrics, (value) => (Number.isFinite(value) ? value : String(value))),
    })),
  });
}

/** The history that `stringifyHistory` made into `text`. */
export function parseHistory(text: string): TrainingHistory {
  const { evaluations, ...history } = JSON.parse(text) as TrainingHistory;
  return {
    ...history,
    evaluations: evaluations.map((evaluation) => ({ ...evaluation, metrics: mapValues(evaluation.metrics, Number) })),
  };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
