import type { EvaluationOptions } from './options.ts';

/** What early stopping remembers, as JSON for checkpoints. */
export interface MonitorState {
  readonly best: number | null;
  readonly evaluationsSinceBest: number;
}

/** Follows the monitored metric: which evaluation is the best, and whether improvement has ceased. */
export class Monitor {
  private best: number | null = null;
  private evaluationsSinceBest = 0;

  constructor(private readonly options: EvaluationOptions) {}

  /** @returns whether this is the best so far. @throws if the metric is absent */
  observe(metrics: Readonly<Record<string, number>>): boolean {
    const { monitor = 'loss', goal = 'min', minimumChange = 0 } = this.options;
    const value = metrics[monitor];
    if (typeof value !== 'number') {
      throw new Error(
        `train: the evaluation must give the monitored metric "${monitor}", got [${Object.keys(metrics).join(', ')}]`,
      );
    }
    const gain = this.best === null ? Infinity : goal === 'min' ? this.best - value : value - this.best;
    const better = !Number.isNaN(value) && gain > minimumChange;
    if (better) this.best = value;
    this.evaluationsSinceBest = better ? 0 : this.evaluationsSinceBest + 1;
    return better;
  }

  get exhausted(): boolean {
    return this.options.patience !== undefined && this.evaluationsSinceBest >= this.options.patience;
  }

  state(): MonitorState {
    return { best: this.best, evaluationsSinceBest: this.evaluationsSinceBest };
  }

  restore(state: MonitorState): void {
    this.best = state.best;
    this.evaluationsSinceBest = state.evaluationsSinceBest;
  }
}
