import type { EvaluationOptions, MonitoredMetric } from './options.ts';

/** What early stopping remembers, as JSON for checkpoints. */
export interface MonitorState {
  /** The best value of each monitored metric so far. */
  readonly best: Readonly<Record<string, number>>;
  readonly evaluationsSinceBest: number;
}

/** Follows the monitored metrics: which evaluation is the best, and whether improvement has ceased. */
export class Monitor {
  private readonly metrics: readonly MonitoredMetric[];
  private best: Readonly<Record<string, number>> = {};
  private evaluationsSinceBest = 0;

  /** @throws if an option is out of range */
  constructor(private readonly options: EvaluationOptions) {
    this.metrics = monitoredMetrics(options);
    const { minimumChange = 0 } = options;
    if (!(minimumChange >= 0 && minimumChange < Infinity))
      throw new Error(`train: evaluation.minimumChange must be a number of at least 0, got ${minimumChange}`);
  }

  /**
   * @returns whether every monitored metric is at its best, so that the weights of now are the ones to keep
   * @throws if a monitored metric is absent
   */
  observe(metrics: Readonly<Record<string, number>>): boolean {
    const values = this.metrics.map(({ metric }) => valueOf(metrics, metric));
    const improved = this.metrics.map((metric, i) => this.improves(metric, values[i]));
    const names = this.metrics.map(({ metric }) => metric);
    const reached = names.flatMap((name, i) => (improved[i] ? [[name, values[i]]] : []));
    this.best = { ...this.best, ...(Object.fromEntries(reached) as Record<string, number>) };
    this.evaluationsSinceBest = reached.length > 0 ? 0 : this.evaluationsSinceBest + 1;
    return improved.every(Boolean);
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

  private improves({ metric, goal }: MonitoredMetric, value: number): boolean {
    const { minimumChange = 0, ties = false } = this.options;
    if (!Number.isFinite(value)) return false;
    if (!Object.hasOwn(this.best, metric)) return true;
    const gain = goal === 'min' ? this.best[metric] - value : value - this.best[metric];
    return ties ? gain >= minimumChange : gain > minimumChange;
  }
}

function monitoredMetrics({ monitor = 'loss', goal }: EvaluationOptions): readonly MonitoredMetric[] {
  if (typeof monitor !== 'string' && goal !== undefined) {
    throw new Error(
      `train: evaluation.goal must be given with each of several monitored metrics, got '${goal}' beside them`,
    );
  }
  const metrics = typeof monitor === 'string' ? [{ metric: monitor, goal: goal ?? 'min' }] : monitor;
  const names = metrics.map(({ metric }) => metric);
  if (names.length === 0 || new Set(names).size < names.length)
    throw new Error(
      `train: evaluation.monitor must be one metric or several different ones, got [${names.join(', ')}]`,
    );
  for (const { metric, goal } of metrics) {
    if (goal !== 'min' && goal !== 'max')
      throw new Error(
        `train: the goal of the monitored metric "${metric}" must be 'min' or 'max', got '${String(goal)}'`,
      );
  }
  return metrics;
}

function valueOf(metrics: Readonly<Record<string, number>>, name: string): number {
  const value = metrics[name];
  if (typeof value === 'number') return value;
  throw new Error(
    `train: the evaluation must give the monitored metric "${name}", got [${Object.keys(metrics).join(', ')}]`,
  );
}
