import { withoutInitialWeights, type FloatFormat, type Module } from '@heed/attention-core';
import { makeFor, openFolder, parseConfig, type Batch, type Folder, type Lora } from '@heed/training';
import type * as tf from '@tensorflow/tfjs';
import type { Hypothesis } from '../decoding/search-options.ts';
import type { Rows } from '../compiled/rows.ts';
import type { Run } from '../compiled/run.ts';
import { disposeOnFailure } from './dispose-on-failure.ts';
import type { FitHistory } from './fit-history.ts';
import { fitModel, type TrainingPlan } from './fit-model.ts';
import type { FitOptions } from './fit-options.ts';
import { ForwardPasses } from '../compiled/forward-passes.ts';
import { predictInBatches, type BatchOptions, type Prediction } from './predict-in-batches.ts';
import { resolveRecipe, type Recipe } from './recipe.ts';
import { searchInBatches, type Search, type SearchBatchOptions } from './search-in-batches.ts';
import { fillModel, readTaskFolder, writeTaskFolder, type SavedFiles, type TaskFiles } from './task-folder.ts';
import type { TaskKind } from './task-kind.ts';

/** What training makes, beside the config: a model, and what it reads by (a tokenizer, labels, sizes). */
export interface TaskParts {
  readonly model: Module;
  /** The low-rank additions that are trained instead of the model's weights, where they were asked for. */
  readonly lora?: Lora | undefined;
}

/** A class of tasks, as `load` needs it. */
export interface TaskClass<T> {
  new (config: never): T;
  readonly kind: TaskKind<object>;
}

/**
 * The base of everything that users train and ask: a translator, a classifier of images, a forecaster.
 *
 * A task has a config, and, once it is trained or loaded, parts: a model and what the model reads by. All tasks are trained (`fit`), saved, loaded
 * and freed alike; what they are asked, they call by the field's own word (`translate`, `predict`, `forecast`).
 *
 * A subclass says what it is (a static `kind`), what of its parts is saved (`describe`) and how they are made again (`restore`). Its `fit` calls
 * `train`, its verbs `predictInBatches`.
 */
export abstract class Task<Config extends object, Parts extends TaskParts> {
  readonly config: Readonly<Config>;
  private readonly kind: TaskKind<Config>;
  private parts: Parts | undefined;
  private readonly passes = new ForwardPasses();

  /** @throws if an option is unknown or out of range, naming it and its value */
  protected constructor(kind: TaskKind<Config>, config: object) {
    this.kind = kind;
    this.config = parseConfig(kind.name, kind.schema, config);
  }

  /**
   * Reads what `save` wrote.
   *
   * @param folder a path (see `startBackend` of @heed/node) or a folder
   * @throws if a file is missing, damaged or of another save, or the folder is another task's or a newer version's; nothing is then left behind
   */
  static async load<T extends Task<object, TaskParts>>(this: TaskClass<T>, folder: Folder | string): Promise<T> {
    const source = openFolder(folder);
    const saved = await readTaskFolder(this.kind.name, source);
    const task = new this(saved.config as never);
    await task.open(saved);
    return task;
  }

  /** The model. @throws before `fit`, `load` or `fromPretrained` */
  get model(): Parts['model'] {
    return this.require('model').model;
  }

  /** Number of weights, low-rank additions included. @throws before `fit`, `load` or `fromPretrained` */
  get parameterCount(): number {
    return this.require('parameterCount').model.parameterCount();
  }

  /** Number of weights that `fit` changes. @throws before `fit`, `load` or `fromPretrained` */
  get trainableParameterCount(): number {
    const parameters = this.require('trainableParameterCount').model.trainableParameters();
    return parameters.reduce((sum, { variable }) => sum + variable.size, 0);
  }

  /** The low-rank additions, where `fromPretrained` was asked for them: to be merged, saved apart, or removed. */
  get lora(): Lora | undefined {
    return this.parts?.lora;
  }

  /** How many forward passes are recorded at the moment, on a backend that compiles. */
  get recordings(): number {
    return this.passes.recordings;
  }

  /**
   * Writes `config.json`, `model.safetensors` and what else the task needs; low-rank additions are merged into the weights that are written. Where
   * Hugging Face has the model, its libraries open the folder too.
   *
   * @param folder a path (see `startBackend` of @heed/node) or a folder
   * @param options.floats how weights are stored; 'F16' and 'BF16' halve the file and round. Default 'F32'
   * @throws before `fit`, `load` or `fromPretrained`, or if a file cannot be written
   */
  async save(folder: Folder | string, { floats = 'F32' }: { readonly floats?: FloatFormat } = {}): Promise<void> {
    const parts = this.require('save');
    const { lora } = parts;
    const apart = lora?.merged === false;
    if (apart) lora.merge();
    try {
      await writeTaskFolder(openFolder(folder), this.kind.name, this.config, parts.model, this.describe(parts), floats);
    } finally {
      if (apart) lora.unmerge();
    }
  }

  /** Frees the weights and the recordings; the task is then as it was before it was trained. */
  dispose(): void {
    this.passes.dispose();
    this.parts?.model.dispose();
    this.parts = undefined;
  }

  /** What is saved of the parts beside the weights. */
  protected abstract describe(parts: Parts): TaskFiles;

  /** Parts as `describe` wrote them; the weights follow, so that none are drawn before the first `await`. @throws if they are not what the config says */
  protected abstract restore(saved: SavedFiles): Parts | Promise<Parts>;

  /** The parts. @throws if there are none: the task was not trained */
  protected require(method: string): Parts {
    if (this.parts !== undefined) return this.parts;
    const { name } = this.kind;
    throw new Error(`${name}.${method}: must come after fit() or load(), got a ${name} that was not trained`);
  }

  /** Whether there are parts: a further `fit` goes on from them. */
  protected get trained(): boolean {
    return this.parts !== undefined;
  }

  /** Makes parts the task's own, once `complete` has loaded their weights; frees them if that fails. */
  protected async adopt(parts: Parts, complete: (parts: Parts) => Parts | Promise<Parts> = () => parts): Promise<this> {
    const completed = await disposeOnFailure(parts.model, () => complete(parts));
    this.dispose();
    this.parts = completed;
    return this;
  }

  /**
   * Trains the parts that there are, or else new ones. If anything fails before the first update, new parts are freed and the task is untrained as before.
   *
   * @param create new parts
   * @param plan what is learned: reads and checks all data, before the first update
   */
  protected async train<B extends Batch>(
    options: FitOptions,
    defaults: Recipe,
    create: () => Parts,
    plan: (parts: Parts, recipe: Recipe) => TrainingPlan<B>,
  ): Promise<FitHistory> {
    const { name } = this.kind;
    const recipe = resolveRecipe(`${name}.fit`, defaults, options);
    const begun = this.parts === undefined;
    const parts = (this.parts ??= create());
    let updated = false;
    try {
      const { identity, ...planned } = plan(parts, recipe);
      return await fitModel(
        {
          ...planned,
          identity: { task: name, config: this.config, ...identity },
          model: parts.model,
          recipe,
          seed: seedOf(this.config),
        },
        {
          ...options,
          onEvent: (event) => {
            updated ||= event.type === 'step';
            options.onEvent?.(event);
          },
        },
      );
    } catch (error) {
      if (begun && !updated) this.dispose();
      throw error;
    }
  }

  /**
   * Predicts for many inputs: those of similar size together, padded to few shapes, each of which is compiled when it is seen again; in their order.
   *
   * @param method the verb, for messages
   */
  protected predictInBatches<Input, B extends Batch, Outputs extends Readonly<Record<string, tf.Tensor>>, Result>(
    method: string,
    inputs: readonly Input[],
    prediction: Prediction<Input, B, Outputs, Result>,
    options: BatchOptions,
  ): Promise<Result[]> {
    this.require(method);
    return predictInBatches(`${this.kind.name}.${method}`, this.passes, inputs, prediction, options);
  }

  /**
   * Searches what a model writes to each of many sources: those of similar size together, in their order.
   *
   * @param method the verb, for messages
   * @returns for each source its hypotheses, best first
   */
  protected searchInBatches<Input, B extends Batch, Memory extends Rows, State extends Rows>(
    method: string,
    inputs: readonly Input[],
    search: Search<Input, B, Memory, State>,
    options: SearchBatchOptions,
  ): Promise<Hypothesis[][]> {
    this.require(method);
    return searchInBatches(`${this.kind.name}.${method}`, this.passes, inputs, search, options);
  }

  /** Runs functions of tensors for a verb that neither predicts nor searches in batches: recorded when their shapes come again, freed with the task. */
  protected recorded(method: string): Run {
    this.require(method);
    return this.passes.named(`${this.kind.name}.${method}`);
  }

  private async open(saved: SavedFiles): Promise<void> {
    const restore = () => withoutInitialWeights(() => this.restore(saved));
    const parts = await makeFor(saved.source, restore);
    await this.adopt(parts, async () => {
      await fillModel(`${this.kind.name}.load`, saved.source, parts.model, this.describe(parts).names);
      return parts;
    });
  }
}

/** Every config has one; tasks that draw nothing have 0. */
function seedOf(config: { readonly seed?: unknown }): number {
  return typeof config.seed === 'number' ? config.seed : 0;
}
