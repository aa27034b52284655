import type { Module } from '@heed/attention-core';
import type { EvaluationProgress } from '../checkpoints/saved-run.ts';
import type { WeightAverage } from '../optimizers/weight-average.ts';
import { BestWeights } from './best-weights.ts';
import type { EvaluationEvent } from './events.ts';
import { Monitor } from './monitor.ts';
import type { EvaluationOptions } from './options.ts';

/** Where a run stands, as far as evaluations are concerned. */
export interface Place {
  readonly step: number;
  readonly epoch: number;
  /** Batches of the epoch that were used: 0 where the epoch before has just ended. */
  readonly batch: number;
}

/** When a run is measured, and what follows: which weights are the best, and whether it ends early. */
export class Evaluator {
  readonly best: BestWeights | undefined;
  private readonly monitor: Monitor;
  private step = 0;

  constructor(
    private readonly options: EvaluationOptions,
    model: Module,
    private readonly average: WeightAverage | undefined,
  ) {
    this.monitor = new Monitor(options);
    this.best = options.restoreBest === true ? new BestWeights(model) : undefined;
  }

  /** Whether the weights of now are to be measured and were not yet. */
  isDue({ step, epoch, batch }: Place, isLast: boolean): boolean {
    if (step === this.step) return false;
    const { everySteps, everyEpochs = everySteps === undefined ? 1 : undefined } = this.options;
    const bySteps = everySteps !== undefined && step % everySteps === 0;
    const byEpochs = everyEpochs !== undefined && batch === 0 && epoch % everyEpochs === 0;
    return isLast || bySteps || byEpochs;
  }

  async run({ step, epoch, batch }: Place): Promise<EvaluationEvent> {
    const place = { step, epoch: batch === 0 ? epoch - 1 : epoch };
    const measure = async (): Promise<EvaluationEvent> => {
      const metrics = await this.options.run(place);
      const best = this.monitor.observe(metrics);
      if (best) await this.best?.keep();
      return { type: 'evaluation', ...place, metrics, best };
    };
    const event = await (this.average?.during(measure) ?? measure());
    this.step = step;
    return event;
  }

  get exhausted(): boolean {
    return this.monitor.exhausted;
  }

  progress(): EvaluationProgress {
    return { lastStep: this.step, monitor: this.monitor.state() };
  }

  restore({ lastStep, monitor }: EvaluationProgress): void {
    this.step = lastStep;
    this.monitor.restore(monitor);
  }
}
