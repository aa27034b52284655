import type { Progress, SavedRun } from '../checkpoints/saved-run.ts';
import type { Batch, Batches } from './batch.ts';
import { Evaluator } from './evaluator.ts';
import { eventLoopTurn } from './event-loop.ts';
import type { EndEvent, StepEvent, TrainingEvent } from './events.ts';
import { HistoryRecorder } from './history-recorder.ts';
import { iterateFrom, take } from './iterate-from.ts';
import type { TrainOptions } from './options.ts';
import { RunCheckpoints, SaveError } from './run-checkpoints.ts';
import { Stepper } from './stepper.ts';

/** One run of `train()`: goes through epochs and steps, and decides when to evaluate, to save and to end. */
export class TrainingRun<B extends Batch> {
  private readonly stepper: Stepper<B>;
  private readonly evaluator: Evaluator | undefined;
  private readonly checkpoints: RunCheckpoints | undefined;
  private readonly recorder = new HistoryRecorder();
  private step = 0;
  private epoch = 0;
  /** Batches of this epoch that were used. */
  private batch = 0;
  private epochLoss = { sum: 0, weight: 0 };
  private batchesPerEpoch: number | undefined;

  constructor(private readonly options: TrainOptions<B>) {
    const { model, average, evaluation, checkpoints } = options;
    this.evaluator = evaluation && new Evaluator(evaluation, model, average);
    this.checkpoints =
      checkpoints && new RunCheckpoints(checkpoints, options as unknown as TrainOptions<Batch>, this.evaluator?.best);
    this.batchesPerEpoch = options.batchesPerEpoch;
    this.stepper = new Stepper(options);
  }

  async *events(): AsyncGenerator<TrainingEvent, void, undefined> {
    const resumedFrom = await this.resume();
    let batches = this.endReason() === undefined ? await this.open() : undefined;
    yield {
      type: 'start',
      step: this.step,
      ...this.total(),
      parameters: this.options.optimizer.parameters.reduce((sum, { variable }) => sum + variable.size, 0),
      damaged: Object.fromEntries(this.checkpoints?.damaged ?? []),
      history: this.recorder.history(),
      ...(resumedFrom === undefined ? {} : { resumedFrom }),
    };
    try {
      yield* this.evaluateIfDue(); // what an interrupted run had still to measure
      while (this.endReason() === undefined) {
        yield* this.runEpoch(batches ?? (await this.open()));
        batches = undefined;
      }
    } catch (error) {
      if (!(error instanceof SaveError)) yield* this.rescue();
      throw error;
    }
    const reason = this.endReason()!;
    if (this.step > 0) yield* this.save();
    const goesOn = reason === 'aborted' && this.checkpoints !== undefined;
    if (!goesOn) this.evaluator?.best?.putBack();
    yield { type: 'end', step: this.step, reason, history: this.recorder.history() };
  }

  async dispose(): Promise<void> {
    this.stepper.dispose();
    await this.checkpoints?.close();
  }

  private async *runEpoch(batches: Batches<B>): AsyncGenerator<TrainingEvent, void, undefined> {
    const { checkpoints, accumulate = 1, signal } = this.options;
    const iterator = iterateFrom(batches, this.batch);
    try {
      for (;;) {
        const chosen = await take(iterator, accumulate, signal);
        if (signal?.aborted === true) return;
        if (chosen.length === 0) break;
        yield* this.runStep(chosen);
        await eventLoopTurn();
        if (this.endReason() === 'aborted') return;
        if (this.batch === batches.length) break;
        if (isMultiple(this.step, checkpoints?.everySteps)) yield* this.save();
        yield* this.evaluateIfDue();
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
    const event: StepEvent = {
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
    };
    this.recorder.record(event);
    yield event;
  }

  private async *endEpoch(): AsyncGenerator<TrainingEvent, void, undefined> {
    if (this.batch === 0) throw new Error(`train: data must give a batch, got none for epoch ${this.epoch}`);
    const loss = this.epochLoss.weight === 0 ? 0 : this.epochLoss.sum / this.epochLoss.weight;
    const event = { type: 'epoch', epoch: this.epoch, step: this.step, loss } as const;
    this.batchesPerEpoch ??= this.batch;
    this.epoch++;
    this.batch = 0;
    this.epochLoss = { sum: 0, weight: 0 };
    this.recorder.record(event);
    yield event;
    const { everySteps, everyEpochs = everySteps === undefined ? 1 : undefined } = this.options.checkpoints ?? {};
    if (isMultiple(this.step, everySteps) || isMultiple(this.epoch, everyEpochs)) yield* this.save();
    yield* this.evaluateIfDue();
  }

  /** Measures the model where it is time; an aborted run leaves that to the one that resumes it. */
  private async *evaluateIfDue(): AsyncGenerator<TrainingEvent, void, undefined> {
    const { evaluator, step, epoch, batch } = this;
    const isLast = this.isFinished();
    if (step === 0 || evaluator?.isDue({ step, epoch, batch }, isLast) !== true) return;
    if (this.options.signal?.aborted === true && !isLast) return;
    const event = await evaluator.run({ step, epoch, batch });
    this.recorder.record(event);
    yield event;
    if (event.best && this.options.checkpoints?.keepBest === true) {
      yield* this.checkpoints?.saveBest(this.now()) ?? [];
    }
  }

  private async *save(): AsyncGenerator<TrainingEvent, void, undefined> {
    yield* this.checkpoints?.save(this.now()) ?? [];
  }

  /** Saves what there is when something throws; that error matters more than one of saving. */
  private async *rescue(): AsyncGenerator<TrainingEvent, void, undefined> {
    try {
      if (this.step > 0) yield* this.save();
    } catch (error) {
      if (!(error instanceof SaveError)) throw error;
    }
  }

  /** @returns the checkpoint's name, if there is one to go on from */
  private async resume(): Promise<string | undefined> {
    const saved = await this.checkpoints?.resume();
    if (saved === undefined) return undefined;
    const { step, epoch, batch, epochLoss, draws, evaluation } = saved.progress;
    [this.step, this.epoch, this.batch, this.stepper.draws] = [step, epoch, batch, draws];
    this.epochLoss = { ...epochLoss };
    this.recorder.restore(saved.history);
    if (evaluation !== null) this.evaluator?.restore(evaluation);
    return saved.name;
  }

  private now(): SavedRun {
    const { step, epoch, batch, epochLoss } = this;
    const evaluation = this.evaluator?.progress() ?? null;
    const progress: Progress = { step, epoch, batch, epochLoss, draws: this.stepper.draws, evaluation };
    return { progress, history: this.recorder.history() };
  }

  /** The epoch's batches; their number is noted where it can be seen. */
  private async open(): Promise<Batches<B>> {
    const batches = await this.options.data(this.epoch);
    this.batchesPerEpoch ??= batches.length;
    return batches;
  }

  private isFinished(): boolean {
    const { steps = Infinity, epochs = Infinity } = this.options;
    return this.step >= steps || this.epoch >= epochs;
  }

  private endReason(): EndEvent['reason'] | undefined {
    if (this.isFinished()) return 'finished';
    if (this.evaluator?.exhausted === true) return 'stopped-early';
    return this.options.signal?.aborted === true ? 'aborted' : undefined;
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

function isMultiple(count: number, every: number | undefined): boolean {
  return every !== undefined && count % every === 0;
}
