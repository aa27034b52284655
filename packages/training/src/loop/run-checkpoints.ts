import { Module } from '@heed/attention-core';
import { CheckpointStore } from '../checkpoints/checkpoint-store.ts';
import type { StatefulPart } from '../checkpoints/stateful-part.ts';
import { checkpointFiles, restoreCheckpoint, type CheckpointContent } from '../checkpoints/training-checkpoint.ts';
import type { SavedRun } from '../checkpoints/saved-run.ts';
import { openFolder } from '../folders/folder-opener.ts';
import type { Batch } from './batch.ts';
import type { BestWeights } from './best-weights.ts';
import type { CheckpointEvent, CheckpointFailedEvent } from './events.ts';
import type { CheckpointOptions, TrainOptions } from './options.ts';
import { runConfig } from './run-config.ts';

/** A checkpoint could not be saved. */
export class SaveError extends Error {
  override readonly name = 'SaveError';
}

/** The checkpoints of one run. */
export class RunCheckpoints {
  private readonly store: CheckpointStore;
  private readonly content: CheckpointContent;
  private release: (() => Promise<void>) | undefined;
  /** The newest checkpoint, and where it stands: the end of an epoch is another place than its last step. */
  private newest: { readonly name: string; readonly step: number; readonly place: string } | undefined;

  constructor(
    private readonly checkpoints: CheckpointOptions,
    options: TrainOptions<Batch>,
    best: BestWeights | undefined,
  ) {
    const { model, optimizer, average } = options;
    const { keepLast = 2, keepBest = false, files = {} } = checkpoints;
    this.store = new CheckpointStore(openFolder(checkpoints.folder), { keepLast, keepBest });
    const { modules, parts } = besideTheModel(options.state ?? {});
    this.content = {
      modules: { model, optimizer, ...(average && { average }), ...modules },
      parts: { ...(best && { best }), ...parts },
      config: runConfig(options),
      accumulate: options.accumulate ?? 1,
      files,
    };
  }

  get damaged(): ReadonlyMap<string, string> {
    return this.store.damaged;
  }

  /** Lets other runs have the folder. */
  async close(): Promise<void> {
    await this.release?.();
    this.release = undefined;
  }

  /** Takes the folder for this run, and restores the newest whole checkpoint, if there is one to go on from. @throws if another run has it */
  async resume(): Promise<(SavedRun & { readonly name: string }) | undefined> {
    const { store } = this;
    this.release = await store.lock();
    if (this.checkpoints.resume === false) {
      const last = (await store.names()).at(-1);
      if (last === undefined) return undefined;
      throw new Error(`train: without resume the folder must hold no checkpoints, got ${last} in ${store.label}`);
    }
    const checkpoint = await store.newest();
    if (checkpoint === undefined) return undefined;
    const run = await restoreCheckpoint(checkpoint, this.content);
    this.newest = { name: checkpoint.name, step: run.progress.step, place: placeOf(run) };
    return { name: checkpoint.name, ...run };
  }

  /**
   * Saves the run, unless the newest checkpoint is of the very same place.
   *
   * @throws SaveError if that fails and `onError` does not say otherwise
   */
  async *save(run: SavedRun): AsyncGenerator<CheckpointEvent | CheckpointFailedEvent, void, undefined> {
    if (this.newest?.place !== placeOf(run)) yield* this.write(run, false);
  }

  /** Marks the newest checkpoint as the best where it is of this step, or saves the run as such. @throws as `save` */
  async *saveBest(run: SavedRun): AsyncGenerator<CheckpointEvent | CheckpointFailedEvent, void, undefined> {
    if (this.newest?.step !== run.progress.step) return yield* this.write(run, true);
    const { name } = this.newest;
    yield* this.reportFailure(run.progress.step, () => this.store.markBest(name));
  }

  private async *write(
    run: SavedRun,
    best: boolean,
  ): AsyncGenerator<CheckpointEvent | CheckpointFailedEvent, void, undefined> {
    const { step } = run.progress;
    yield* this.reportFailure(step, async () => {
      const name = await this.store.save(step, best, checkpointFiles(this.content, run));
      this.newest = { name, step, place: placeOf(run) };
      return { type: 'checkpoint', step, name };
    });
  }

  private async *reportFailure(
    step: number,
    action: () => Promise<CheckpointEvent | void>,
  ): AsyncGenerator<CheckpointEvent | CheckpointFailedEvent, void, undefined> {
    let event: CheckpointEvent | void;
    try {
      event = await action();
    } catch (error) {
      const message = `train: a checkpoint of step ${step} could not be saved in ${this.store.label}`;
      const failure = new SaveError(message, { cause: error });
      if (this.checkpoints.onError !== 'continue') throw failure;
      return yield { type: 'checkpoint-failed', step, error: failure };
    }
    if (event !== undefined) yield event;
  }
}

function placeOf({ progress: { step, epoch, evaluation } }: SavedRun): string {
  return `${step} ${epoch} ${evaluation?.lastStep}`;
}

function besideTheModel(
  state: Readonly<Record<string, StatefulPart | Module>>,
): Pick<CheckpointContent, 'modules' | 'parts'> {
  const modules: Record<string, Module> = {};
  const parts: Record<string, StatefulPart> = {};
  for (const [name, part] of Object.entries(state)) {
    if (part instanceof Module) modules[`state.${name}`] = part;
    else parts[`state.${name}`] = part;
  }
  return { modules, parts };
}
