import { requireIntegers, Linear, Module, type NamedParameter, type Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { fits, type NamePattern } from '../optimizers/freeze.ts';
import { LoraLinear } from './lora-linear.ts';

export interface LoraOptions {
  /** r: width of the additions. 4 to 64 are common. */
  readonly rank: number;
  /** α: the additions count α / r times. Default 2r. */
  readonly alpha?: number;
  /** Which `Linear` layers get one, by their paths, e.g. `/query|value/`. A layer that several paths lead to gets one, by the first that fits. */
  readonly targets: NamePattern;
  readonly random: Random;
}

/**
 * Freezes a model and gives some of its linear layers a small trained addition (Hu et al. 2021, "LoRA: low-rank adaptation of large language
 * models"). The model is used and trained as before; `model.trainableParameters()` are the additions.
 *
 * @throws if no `Linear` fits `targets`, rank or alpha is out of range, the model has adapters already, or the weight of such a layer is another
 * layer's too (a merge would change that one)
 *
 * @example
 * ```ts
 * import { MultiHeadAttention, Random } from '@heed/attention-core';
 * import { AdamW, applyLora } from '@heed/training';
 * const random = new Random(7);
 * const model = new MultiHeadAttention({ modelWidth: 64, heads: 4, random });
 * const lora = applyLora(model, { rank: 8, targets: /query|value/, random });
 * const optimizer = new AdamW(model.trainableParameters()); // 2,048 of 18,688 numbers
 * // … train …
 * lora.remove({ merge: true }); // an ordinary model again, with the additions in its weights
 * ```
 */
export function applyLora(model: Module, options: LoraOptions): Lora {
  const { rank, alpha = 2 * rank, targets, random } = options;
  requireIntegers('applyLora', { rank });
  if (!(alpha > 0)) throw new Error(`applyLora: alpha must be positive, got ${alpha}`);
  const places = layerPlaces(model, '');
  if (places.some(({ layer }) => layer instanceof LoraLinear))
    throw new Error('applyLora: the model must have no adapters yet, got some');
  const chosen = places.filter(({ path }) => fits(targets, path));
  if (chosen.length === 0) {
    throw new Error(
      `applyLora: targets ${String(targets)} must fit a linear layer, got ${places.map(({ path }) => path).join(', ') || 'none'}`,
    );
  }
  const owners = weightOwners(model);
  for (const { path, layer } of chosen) {
    const { weight } = layer as Linear;
    const others = owners.get(weight)!.filter(({ owner }) => owner !== layer);
    if (others.length > 0)
      throw new Error(`applyLora: the weight of ${path} must be of this layer alone, got it as ${others[0].path} too`);
  }
  const frozen = model.trainableParameters();
  for (const { variable } of frozen) variable.trainable = false;
  const adapters = new Map<Linear, LoraLinear>();
  const layers = new Map<string, LoraLinear>();
  for (const { path, layer } of chosen) {
    const base = layer as Linear;
    if (adapters.has(base)) continue;
    const adapter = new LoraLinear(base, { rank, scale: alpha / rank, random: random.fork(path) });
    adapters.set(base, adapter);
    layers.set(path, adapter);
  }
  for (const { layer, put } of places) put(adapters.get(layer as Linear) ?? layer);
  return new Lora(model, layers, frozen, { rank, alpha });
}

/** The adapters of one model. */
export class Lora {
  readonly rank: number;
  readonly alpha: number;
  /** The adapted layers, each by the first of its paths that fitted. */
  readonly layers: ReadonlyMap<string, LoraLinear>;
  private readonly model: Module;
  private readonly frozen: readonly NamedParameter[];
  private inWeights = false;

  constructor(
    model: Module,
    layers: ReadonlyMap<string, LoraLinear>,
    frozen: readonly NamedParameter[],
    { rank, alpha }: { readonly rank: number; readonly alpha: number },
  ) {
    this.model = model;
    this.layers = layers;
    this.frozen = frozen;
    this.rank = rank;
    this.alpha = alpha;
  }

  /** Whether the additions are in the weights at present. */
  get merged(): boolean {
    return this.inWeights;
  }

  /** The additions by name, `<path>.down` and `<path>.up`: what is saved of a fine-tuning. The tensors are the model's own. */
  stateDict(): Record<string, tf.Tensor> {
    return Object.fromEntries(
      [...this.layers].flatMap(([path, { down, up }]) => [
        [`${path}.down`, down],
        [`${path}.up`, up],
      ]),
    );
  }

  /** Replaces the additions by those of `state`. @throws if a name or shape does not fit */
  loadStateDict(state: Readonly<Record<string, tf.Tensor>>): void {
    this.unmerge();
    const own = this.stateDict();
    const names = Object.keys(own);
    const wrong = [
      ...names.filter((name) => !Object.hasOwn(state, name)),
      ...Object.keys(state).filter((name) => !Object.hasOwn(own, name)),
    ];
    if (wrong.length > 0)
      throw new Error(`Lora.loadStateDict: names must match exactly, got differences at ${wrong.join(', ')}`);
    for (const name of names) {
      if (String(state[name].shape) !== String(own[name].shape)) {
        throw new Error(`Lora.loadStateDict: ${name} must be [${own[name].shape}], got [${state[name].shape}]`);
      }
    }
    for (const name of names) tf.tidy(() => (own[name] as tf.Variable).assign(tf.clone(state[name])));
  }

  /**
   * Adds the additions to the weights and takes the adapters out of the way: the model computes the same, at the price of a plain one, and can
   * be saved under its own names. Does nothing where that is so already.
   */
  merge(): void {
    if (this.inWeights) return;
    this.changeWeights(1);
    this.place(({ base }) => base);
    this.inWeights = true;
  }

  /** Undoes `merge`; the weights come back to within rounding. */
  unmerge(): void {
    if (!this.inWeights) return;
    this.changeWeights(-1);
    this.place((layer) => layer);
    this.inWeights = false;
  }

  /** Ends the adaptation: the model is an ordinary one again, trainable as before. The additions are freed. */
  remove({ merge }: { readonly merge: boolean }): void {
    if (merge) this.merge();
    else this.unmerge();
    this.place(({ base }) => base);
    for (const { down, up } of this.layers.values()) tf.dispose([down, up]);
    for (const { variable } of this.frozen) variable.trainable = true;
  }

  private changeWeights(sign: 1 | -1): void {
    for (const layer of this.layers.values()) {
      tf.tidy(() => layer.base.weight.assign(tf.add(layer.base.weight, tf.mul(layer.delta(), sign)) as tf.Tensor2D));
    }
  }

  /** Puts a layer of one's choice at the place of every adapted one. */
  private place(choose: (layer: LoraLinear) => Linear | LoraLinear): void {
    const adapters = new Map<Linear | LoraLinear, LoraLinear>();
    for (const adapter of this.layers.values()) adapters.set(adapter, adapter).set(adapter.base, adapter);
    for (const { layer, put } of layerPlaces(this.model, '')) {
      const adapter = adapters.get(layer);
      if (adapter !== undefined) put(choose(adapter));
    }
  }
}

interface LayerPlace {
  readonly path: string;
  readonly layer: Linear | LoraLinear;
  readonly put: (layer: Linear | LoraLinear) => void;
}

/** Where linear layers stand in a module, found as `namedParameters()` finds weights. */
function layerPlaces(owner: object, path: string): LayerPlace[] {
  return Object.entries(owner).flatMap(([field, value]): LayerPlace[] => {
    const here = path === '' ? field : `${path}.${field}`;
    if (value instanceof Linear || value instanceof LoraLinear) {
      const put = (layer: Linear | LoraLinear) => void Reflect.set(owner, field, layer);
      return [{ path: here, layer: value, put }];
    }
    return value instanceof Module || Array.isArray(value) ? layerPlaces(value as object, here) : [];
  });
}

interface WeightOwner {
  readonly owner: object;
  readonly path: string;
}

/** Which modules hold each variable, and the first path to it in each. */
function weightOwners(model: Module): ReadonlyMap<tf.Variable, readonly WeightOwner[]> {
  const owners = new Map<tf.Variable, WeightOwner[]>();
  const visited = new Set<object>();
  const visit = (owner: object, path: string) => {
    if (visited.has(owner)) return;
    visited.add(owner);
    for (const [field, value] of Object.entries(owner) as Array<[string, unknown]>) {
      const here = path === '' ? field : `${path}.${field}`;
      if (value instanceof tf.Variable) owners.set(value, [...(owners.get(value) ?? []), { owner, path: here }]);
      else if (value instanceof Module || Array.isArray(value)) visit(value, here);
    }
  };
  visit(model, '');
  return owners;
}
