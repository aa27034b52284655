import type { TrainingEvent } from '@heed/training';

/** How a training went. */
export interface FitHistory {
  /** Why it ended: all steps were done, the signal aborted, or the validation did not improve. */
  readonly reason: 'finished' | 'aborted' | 'stopped-early';
  /** Updates since the beginning, those before a resume included. */
  readonly steps: number;
  /** The loss of every step of this run. */
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  readonly evaluations: readonly { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[];
  /** Of this run. */
  readonly seconds: number;
}

/** Runs a training to its end and keeps what it was like; every event is passed on. */
export async function fitHistory(
  events: AsyncIterable<TrainingEvent>,
  onEvent: ((event: TrainingEvent) => void) | undefined,
): Promise<FitHistory> {
  const started = performance.now();
  const losses: FitHistory['losses'][number][] = [];
  const evaluations: FitHistory['evaluations'][number][] = [];
  let end: Pick<FitHistory, 'reason' | 'steps'> = { reason: 'finished', steps: 0 };
  for await (const event of events) {
    if (event.type === 'step') losses.push({ step: event.step, loss: event.loss });
    if (event.type === 'evaluation') evaluations.push({ step: event.step, metrics: event.metrics });
    if (event.type === 'end') end = { reason: event.reason, steps: event.step };
    onEvent?.(event);
  }
  return { ...end, losses, evaluations, seconds: (performance.now() - started) / 1000 };
}
