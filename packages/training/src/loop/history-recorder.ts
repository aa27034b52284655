import type { TrainingEvent, TrainingHistory } from './events.ts';

/** Writes a run's history down, event by event. */
export class HistoryRecorder {
  private losses: number[] = [];
  private epochs: TrainingHistory['epochs'][number][] = [];
  private evaluations: TrainingHistory['evaluations'][number][] = [];

  record(event: TrainingEvent): void {
    if (event.type === 'step') this.losses.push(event.loss);
    if (event.type === 'epoch') this.epochs.push(withoutType(event));
    if (event.type === 'evaluation') this.evaluations.push(withoutType(event));
  }

  history(): TrainingHistory {
    return { losses: [...this.losses], epochs: [...this.epochs], evaluations: [...this.evaluations] };
  }

  restore({ losses, epochs, evaluations }: TrainingHistory): void {
    [this.losses, this.epochs, this.evaluations] = [[...losses], [...epochs], [...evaluations]];
  }
}

function withoutType<E extends TrainingEvent>({ type: _type, ...rest }: E): Omit<E, 'type'> {
  return rest;
}
