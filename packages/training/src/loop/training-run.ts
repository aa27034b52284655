import { CheckpointStore } from '../checkpoints/checkpoint-store.ts';
import { openFolder } from '../checkpoints/folder-opener.ts';
import {
  checkpointFiles,
  restoreCheckpoint,
  type CheckpointContent,
  type Progress,
} from '../checkpoints/training-checkpoint.ts';
import type { Batch, Batches } from './batch.ts';
import { Monitor } from './early-stopping.ts';
import { eventLoopTurn } from './event-loop.ts';
import type { EndEvent, StepEvent, TrainingEvent } from './events.ts';
import { iterateFrom, take } from './iterate-from.ts';
import type { TrainOptions } from './options.ts';
import { Stepper } from './stepper.ts';

/** One run of `train()`: goes through epochs and steps, and decides when to evaluate, to save and to end. */
export class TrainingRun<B extends Batch> {
  private readonly stepper: Stepper<B>;
  private readonly monitor: Monitor | undefined;
  private readonly store: CheckpointStore | undefined;
  private readonly content: CheckpointContent;
  private step = 0;
  private epoch = 0;
  /** Batches of this epoch that were used. */
  private batch = 0;
  private epochLoss = { sum: 0, weight: 0 };
  private batchesPerEpoch: number | undefined;
  /** Where the last checkpoint stands; the end of an epoch is another place than its last step. */
  private saved: Pick<Progress, 'step' | 'epoch'> | undefined;

  constructor(private readonly options: TrainOptions<B>) {
    const { model, optimizer, average, evaluation, checkpoints, config, seed = 0 } = options;
    this.stepper = new Stepper(options);
    this.monitor = evaluation && new Monitor(evaluation);
    this.store =
      checkpoints &&
      new CheckpointStore(openFolder(checkpoints.folder), {
        keepLast: checkpoints.keepLast ?? 2,
        keepBest: checkpoints.keepBest ?? false,
      });
    this.content = {
      modules: { model, optimizer, ...(average && { average }) },
      config: { config, optimizer: optimizer.config(), average: average?.config(), seed },
      files: checkpoints?.files ?? {},
    };
    this.batchesPerEpoch = options.batchesPerEpoch;
  }

  async *events(): AsyncGenerator<TrainingEvent, void, undefined> {
    const resumedFrom = await this.resume();
    let batches = this.endReason() === undefined ? await this.open() : undefined;
    yield {
      type: 'start',
      step: this.step,
      ...this.total(),
      parameters: this.options.optimizer.parameters.reduce((sum, { variable }) => sum + variable.size, 0),
      damaged: Object.fromEntries(this.store?.damaged ?? []),
      ...(resumedFrom === undefined ? {} : { resumedFrom }),
    };
    while (this.endReason() === undefined) {
      yield* this.runEpoch(batches ?? (await this.open()));
      batches = undefined;
    }
    const { step, epoch } = this;
    if (step > 0 && (this.saved?.step !== step || this.saved.epoch !== epoch)) yield* this.save(false);
    yield { type: 'end', step, reason: this.endReason()! };
  }

  dispose(): void {
    this.stepper.dispose();
  }

  private async *runEpoch(batches: Batches<B>): AsyncGenerator<TrainingEvent, void, undefined> {
    const { evaluation, checkpoints, accumulate = 1, signal } = this.options;
    const iterator = iterateFrom(batches, this.batch);
    try {
      for (;;) {
        const chosen = await take(iterator, accumulate, signal);
        if (signal?.aborted === true) return;
        if (chosen.length === 0) break;
        yield* this.runStep(chosen);
        await eventLoopTurn();
        yield* this.evaluateAndSave(evaluation?.everySteps, checkpoints?.everySteps, this.step, this.epoch);
        if (this.endReason() !== undefined) return;
      }
    } finally {
      const closed = Promise.resolve(iterator.return?.());
      // An aborted source may never answer.
      if (signal?.aborted === true) closed.catch(() => undefined);
      else await closed;
    }
    yield* this.endEpoch();
  }

  private async *runStep(batches: readonly B[]): AsyncGenerator<TrainingEvent, void, undefined> {
    const started = performance.now();
    const learningRate = this.learningRate(this.step + 1);
    const result = await this.stepper.run(batches, this.step + 1, learningRate);
    this.step++;
    this.batch += batches.length;
    this.epochLoss.sum += result.loss * result.weight;
    this.epochLoss.weight += result.weight;
    yield* result.recordings;
    yield {
      type: 'step',
      step: this.step,
      ...this.total(),
      epoch: this.epoch,
      loss: result.loss,
      metrics: result.metrics,
      learningRate,
      gradientNorm: result.gradientNorm,
      examples: batches.reduce((sum, batch) => sum + examplesIn(batch), 0),
      milliseconds: performance.now() - started,
    } satisfies StepEvent;
  }

  private async *endEpoch(): AsyncGenerator<TrainingEvent, void, undefined> {
    if (this.batch === 0) throw new Error(`train: data must give a batch, got none for epoch ${this.epoch}`);
    const ended = this.epoch;
    const loss = this.epochLoss.weight === 0 ? 0 : this.epochLoss.sum / this.epochLoss.weight;
    this.batchesPerEpoch ??= this.batch;
    this.epoch++;
    this.batch = 0;
    this.epochLoss = { sum: 0, weight: 0 };
    yield { type: 'epoch', epoch: ended, step: this.step, loss };
    const { evaluation, checkpoints } = this.options;
    const evaluateEvery = evaluation?.everyEpochs ?? (evaluation?.everySteps === undefined ? 1 : undefined);
    const saveEvery = checkpoints?.everyEpochs ?? (checkpoints?.everySteps === undefined ? 1 : undefined);
    yield* this.evaluateAndSave(evaluateEvery, saveEvery, this.epoch, ended);
  }

  private async *evaluateAndSave(
    evaluateEvery: number | undefined,
    saveEvery: number | undefined,
    count: number,
    epoch: number,
  ): AsyncGenerator<TrainingEvent, void, undefined> {
    let best = false;
    if (this.monitor !== undefined && evaluateEvery !== undefined && count % evaluateEvery === 0) {
      const metrics = await this.evaluate(epoch);
      best = this.monitor.observe(metrics);
      yield { type: 'evaluation', step: this.step, epoch, metrics, best };
    }
    const due = saveEvery !== undefined && count % saveEvery === 0;
    if (due || (best && this.options.checkpoints?.keepBest === true)) yield* this.save(best);
  }

  private async evaluate(epoch: number): Promise<Readonly<Record<string, number>>> {
    const run = async () => this.options.evaluation!.run({ step: this.step, epoch });
    return this.options.average?.during(run) ?? run();
  }

  private async *save(best: boolean): AsyncGenerator<TrainingEvent, void, undefined> {
    if (this.store === undefined) return;
    try {
      const name = await this.store.save(this.step, best, checkpointFiles(this.content, this.progress()));
      this.saved = this.progress();
      yield { type: 'checkpoint', step: this.step, name };
    } catch (error) {
      const failure = new Error(`train: a checkpoint of step ${this.step} could not be saved in ${this.store.label}`, {
        cause: error,
      });
      if (this.options.checkpoints!.onError !== 'continue') throw failure;
      yield { type: 'checkpoint-failed', step: this.step, error: failure };
    }
  }

  /** @returns the checkpoint's name, if there is one to go on from */
  private async resume(): Promise<string | undefined> {
    const { store } = this;
    if (store === undefined) return undefined;
    if (this.options.checkpoints!.resume === false) {
      const last = (await store.names()).at(-1);
      if (last !== undefined) {
        throw new Error(`train: without resume the folder must hold no checkpoints, got ${last} in ${store.label}`);
      }
      return undefined;
    }
    const checkpoint = await store.newest();
    if (checkpoint === undefined) return undefined;
    const progress = await restoreCheckpoint(checkpoint, this.content);
    this.saved = progress;
    this.step = progress.step;
    this.epoch = progress.epoch;
    this.batch = progress.batch;
    this.epochLoss = { ...progress.epochLoss };
    this.stepper.draws = progress.draws;
    if (progress.monitor !== null) this.monitor?.restore(progress.monitor);
    return checkpoint.name;
  }

  private progress(): Progress {
    const { step, epoch, batch, epochLoss } = this;
    return { step, epoch, batch, epochLoss, draws: this.stepper.draws, monitor: this.monitor?.state() ?? null };
  }

  /** The epoch's batches; their number is noted where it can be seen. */
  private async open(): Promise<Batches<B>> {
    const batches = await this.options.data(this.epoch);
    this.batchesPerEpoch ??= batches.length;
    return batches;
  }

  private endReason(): EndEvent['reason'] | undefined {
    const { steps = Infinity, epochs = Infinity, signal } = this.options;
    if (this.step >= steps || this.epoch >= epochs) return 'finished';
    if (this.monitor?.exhausted === true) return 'stopped-early';
    return signal?.aborted === true ? 'aborted' : undefined;
  }

  private learningRate(step: number): number {
    const { learningRate } = this.options;
    const rate = typeof learningRate === 'number' ? learningRate : learningRate(step);
    if (!Number.isFinite(rate))
      throw new Error(`train: the learning rate must be a finite number, got ${rate} at step ${step}`);
    return rate;
  }

  private total(): { totalSteps?: number } {
    const { steps = Infinity, epochs = Infinity, accumulate = 1 } = this.options;
    const perEpoch = this.batchesPerEpoch === undefined ? undefined : Math.ceil(this.batchesPerEpoch / accumulate);
    const totalSteps = Math.min(steps, epochs === Infinity || perEpoch === undefined ? Infinity : epochs * perEpoch);
    // Without the length of an epoch, `steps` alone is only an upper bound.
    return totalSteps === Infinity || (epochs !== Infinity && perEpoch === undefined) ? {} : { totalSteps };
  }
}

function examplesIn(batch: Batch): number {
  return Object.values(batch)[0]?.shape[0] ?? 1;
}
