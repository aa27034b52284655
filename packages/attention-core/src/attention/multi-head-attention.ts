import * as tf from '@tensorflow/tfjs';
import { isDifferentiating } from '../autodiff/captured.ts';
import type { Bias } from '../biases/bias.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import { Linear } from '../layers/linear.ts';
import { projectEach, projectTogether, unstackHeads } from '../layers/project-heads.ts';
import { and } from '../masks/algebra.ts';
import { placedMask, type Mask, type Place } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import type { Normaliser } from '../normalisers/normaliser.ts';
import type { RandomStream } from '../random/random-stream.ts';
import type { Random } from '../random/random.ts';
import { regionOf, type Score } from '../scores/score.ts';
import type { KeyValueCache } from '../key-value-cache/key-value-cache.ts';
import { attend } from './attend.ts';
import {
  requireTensors,
  resolveCall,
  type AttentionCall,
  type AttentionSettings,
  type Operands,
} from './attention-call.ts';
import { operandsOf } from './attention.ts';
import type { HeadPositions } from './head-positions.ts';

/** From queries or keys [B, K, L, D] to the same with their positions written into them. */
type Turn = (x: tf.Tensor) => tf.Tensor;

export interface MultiHeadAttentionConfig {
  /** M: width of queries and of the result. */
  readonly modelWidth: number;
  /** H. */
  readonly heads: number;
  /** K: heads that keys and values have; H is a multiple of it. Default H; 1 is multi-query attention. */
  readonly keyValueHeads?: number;
  /** D: width of each query and key head. Default M / H. */
  readonly headWidth?: number;
  /** Dv: width of each value head. Default D. */
  readonly valueHeadWidth?: number;
  /** Width of what keys and values are made from. Default M. */
  readonly memoryWidth?: number;
  /** Whether the four projections have biases. Default true. */
  readonly bias?: boolean;
  /** Whether the output projection has one. Default as `bias`; some vision models have it alone. */
  readonly outputBias?: boolean;
  /** Whether the keys' projection has one; it changes no weight of a softmax, and Whisper has none. Default `bias`. */
  readonly keyBias?: boolean;
  /** Dropout on the weights. Default 0. */
  readonly dropout?: number;
  /** Positions written into queries and keys: rotary embeddings. Default: none. */
  readonly positions?: HeadPositions;
  /** Default `scaledDot()`. */
  readonly score?: Score;
  /** Default `softmax()`. */
  readonly normaliser?: Normaliser;
  /** How captured maps call this attention. Default `attention`. */
  readonly name?: string;
  readonly random: Random;
}

/** Keys and values by head, ready to be asked. */
export interface KeysAndValues {
  /** [B, K, S, D] */
  readonly key: tf.Tensor;
  /** [B, K, S, Dv] */
  readonly value: tf.Tensor;
}

export interface MultiHeadAttentionInputs {
  /** [B, S, memoryWidth]: what keys and values are made from. Default: the queries' own input (self-attention). */
  readonly memory?: tf.Tensor | undefined;
  /** The memory's keys and values from `prepareMemory`, for decoders that ask the same memory at every step. */
  readonly prepared?: KeysAndValues | undefined;
  /** The keys and values of the positions before `x`, to which those of `x` are added. It brings causality: `mask` need not. */
  readonly cache?: KeyValueCache | undefined;
  /** [..., L, M]: added to what queries are made from, e.g. DETR's positions. */
  readonly queryPositions?: tf.Tensor | undefined;
  /** [..., S, memoryWidth]: added to what keys, not values, are made from. */
  readonly keyPositions?: tf.Tensor | undefined;
  readonly mask?: Mask | undefined;
  readonly bias?: Bias | undefined;
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}

/**
 * H attentions in parallel, each in its own projection (Vaswani et al. 2017): Concat(head₁, …, head_H)·W_O with
 * head_h = Attention(x·W_Q, m·W_K, m·W_V).
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { causal, MultiHeadAttention, Random } from '@heed/attention-core';
 * const layer = new MultiHeadAttention({ modelWidth: 32, heads: 4, random: new Random(7) });
 * layer.forward(tf.ones([2, 10, 32]), { mask: causal() }).shape; // [2, 10, 32]
 * ```
 */
export class MultiHeadAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  /** Weights of their own, where they have any, are this layer's too. */
  readonly positions: HeadPositions | undefined;
  readonly score: Score | undefined;
  readonly normaliser: Normaliser | undefined;
  /** What a cache for this layer is made of. */
  readonly cacheShape: { readonly heads: number; readonly headWidth: number; readonly valueHeadWidth: number };
  private readonly modelWidth: number;
  private readonly memoryWidth: number;
  private readonly heads: number;
  private readonly keyValueHeads: number;
  private readonly dropoutRate: number;
  private readonly mapName: string;

  constructor(config: MultiHeadAttentionConfig) {
    super();
    const { modelWidth, heads, keyValueHeads = heads, memoryWidth = modelWidth, bias = true, random } = config;
    const { outputBias = bias, keyBias = bias } = config;
    requireIntegers('multiHeadAttention', { heads, keyValueHeads });
    if (config.headWidth === undefined && modelWidth % heads !== 0) {
      throw new Error(
        `multiHeadAttention: modelWidth must be a multiple of heads, got modelWidth=${modelWidth}, heads=${heads}`,
      );
    }
    if (heads % keyValueHeads !== 0) {
      throw new Error(
        `multiHeadAttention: heads must be a multiple of keyValueHeads, got heads=${heads}, keyValueHeads=${keyValueHeads}`,
      );
    }
    const headWidth = config.headWidth ?? modelWidth / heads;
    const valueHeadWidth = config.valueHeadWidth ?? headWidth;
    this.query = new Linear({ inputs: modelWidth, outputs: heads * headWidth, bias, random });
    this.key = new Linear({ inputs: memoryWidth, outputs: keyValueHeads * headWidth, bias: keyBias, random });
    this.value = new Linear({ inputs: memoryWidth, outputs: keyValueHeads * valueHeadWidth, bias, random });
    this.output = new Linear({ inputs: heads * valueHeadWidth, outputs: modelWidth, bias: outputBias, random });
    this.positions = config.positions;
    this.score = config.score;
    this.normaliser = config.normaliser;
    this.cacheShape = { heads: keyValueHeads, headWidth, valueHeadWidth };
    this.modelWidth = modelWidth;
    this.memoryWidth = memoryWidth;
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.dropoutRate = config.dropout ?? 0;
    this.mapName = config.name ?? 'attention';
  }

  /**
   * @param x [B, L, M] @returns [B, L, M]
   * @throws if `x`, the memory or the prepared keys and values are not of the shapes that this layer takes
   */
  forward(x: tf.Tensor, inputs: MultiHeadAttentionInputs = {}): tf.Tensor {
    this.requireInputs(x, inputs);
    return tf.tidy(() => {
      const { mask, bias, random, cache } = inputs;
      const { score, normaliser, dropoutRate: dropout, mapName: name } = this;
      const settings = { mask, bias, score, normaliser, dropout, random, name };
      const call =
        cache === undefined
          ? resolveCall(this.operands(x, inputs), settings)
          : this.cachedCall(x, { ...inputs, cache }, settings);
      const attended = attend(call);
      return this.output.forward(attended.rank === 4 ? mergeHeads(attended) : attended); // [B, L, M]
    });
  }

  private requireInputs(x: tf.Tensor, { memory, prepared }: MultiHeadAttentionInputs): void {
    requireSequence('x', x, this.modelWidth);
    if (memory !== undefined) requireSequence('memory', memory, this.memoryWidth, x.shape[0]);
    if (prepared === undefined) return;
    const { key, value } = prepared;
    const { heads, headWidth, valueHeadWidth } = this.cacheShape;
    const [batch, length] = [x.shape[0], key.shape[2]];
    const fits = (tensor: tf.Tensor, width: number) => String(tensor.shape) === String([batch, heads, length, width]);
    if (fits(key, headWidth) && fits(value, valueHeadWidth)) return;
    throw new Error(
      `multiHeadAttention: prepared must be key [${batch}, ${heads}, S, ${headWidth}] and value [${batch}, ${heads}, S, ${valueHeadWidth}], ` +
        `got key=[${key.shape}], value=[${value.shape}]`,
    );
  }

  private operands(x: tf.Tensor, inputs: MultiHeadAttentionInputs): Operands {
    const { memory = x, prepared } = inputs;
    const { heads, keyValueHeads } = this;
    const apart = prepared ?? this.positions ?? this.score;
    const sideBySide = () => ({
      tensors: this.projectSideBySide(x, inputs),
      scale: 1 / Math.sqrt(this.cacheShape.headWidth),
    });
    return {
      batch: x.shape[0],
      heads,
      keyValueHeads,
      queryLength: x.shape[1]!,
      keyLength: prepared === undefined ? memory.shape[1]! : prepared.key.shape[2]!,
      byHead: () => this.project(x, inputs),
      ...(apart === undefined && heads === keyValueHeads ? { sideBySide } : {}),
    };
  }

  /** A call on what a cache holds once the keys and values of `x` are added to it. */
  private cachedCall(
    x: tf.Tensor,
    inputs: MultiHeadAttentionInputs & { readonly cache: KeyValueCache },
    settings: AttentionSettings,
  ): AttentionCall {
    const { cache, mask, bias } = inputs;
    const { positions, score } = this;
    const start = cache.start();
    const late = positions?.dependsOnLength === true; // keys are kept as they are and turned at every step
    const { query: asked, ...added } = this.project(x, inputs, late ? (unturned) => unturned : this.turn(start));
    const { key: kept, value, mask: held, place } = cache.append(added);
    const length = typeof start === 'number' ? start + x.shape[1]! : tf.add(start, tf.scalar(x.shape[1]!, 'int32'));
    const query = late ? positions.apply(asked, start, length) : asked;
    const key = late ? positions.apply(kept, place.offset, length) : kept;
    const tensors = { query, key, value };
    requireTensors(tensors);
    return resolveCall(operandsOf(tensors), {
      ...settings,
      mask: mask === undefined ? held : and(held, placedMask(mask, place)),
      bias: bias && { description: bias.description, values: (region) => bias.values({ ...region, place }) },
      score: score && placedScore(score, place),
    });
  }

  /** Queries, keys and values [B, L, H·D], or one tensor that has them side by side. */
  private projectSideBySide(x: tf.Tensor, inputs: MultiHeadAttentionInputs): tf.Tensor[] {
    const { memory = x, queryPositions, keyPositions } = inputs;
    const layers = [this.query, this.key, this.value];
    if (memory !== x || queryPositions !== undefined || keyPositions !== undefined || !areAlike(layers)) {
      return [added(x, queryPositions), added(memory, keyPositions), memory].map((of, i) => layers[i].forward(of));
    }
    return isDifferentiating() ? [projectTogether(x, layers)] : projectEach(x, layers);
  }

  /** Queries [B, H, L, D], keys [B, K, S, D] and values [B, K, S, Dv]. */
  private project(x: tf.Tensor, inputs: MultiHeadAttentionInputs, turn: Turn = this.turn()) {
    const { memory = x, prepared, queryPositions, keyPositions } = inputs;
    const alone = memory === x && prepared === undefined && queryPositions === undefined && keyPositions === undefined;
    if (alone && this.heads === this.keyValueHeads) {
      const [query, key, value] = projectByHead(x, [this.query, this.key, this.value], this.heads);
      return { query: turn(query), key: turn(key), value };
    }
    const query = splitHeads(this.query.forward(added(x, queryPositions)), this.heads); // [B, H, L, D]
    return {
      query: turn(query),
      ...(prepared ?? this.keysAndValues(memory, keyPositions, turn)),
    };
  }

  /**
   * What attention needs of a memory, once for all steps that ask it.
   *
   * @param memory [B, S, memoryWidth]
   * @param keyPositions [..., S, memoryWidth], added to what keys are made from
   * @returns keys [B, K, S, D] and values [B, K, S, Dv]; the caller disposes them
   */
  prepareMemory(memory: tf.Tensor, { keyPositions }: { keyPositions?: tf.Tensor } = {}): KeysAndValues {
    return tf.tidy(() => this.keysAndValues(memory, keyPositions, this.turn()));
  }

  private keysAndValues(memory: tf.Tensor, keyPositions: tf.Tensor | undefined, turn: Turn) {
    const [key, value] =
      keyPositions === undefined
        ? projectByHead(memory, [this.key, this.value], this.keyValueHeads) // [B, K, S, D] and [B, K, S, Dv]
        : [
            splitHeads(this.key.forward(added(memory, keyPositions)), this.keyValueHeads),
            splitHeads(this.value.forward(memory), this.keyValueHeads),
          ];
    return { key: turn(key), value };
  }

  /** Writes positions from `start` into queries or keys. */
  private turn(start?: number | tf.Scalar): Turn {
    return (x) => this.positions?.apply(x, start) ?? x;
  }
}

/**
 * Projections of one input by head: [B, H, L, D] each. In training one product serves them all, since it saves most of the gradient's ops.
 */
function projectByHead(x: tf.Tensor, layers: readonly Linear[], heads: number): tf.Tensor4D[] {
  return isDifferentiating() && areAlike(layers)
    ? unstackHeads(projectTogether(x, layers), layers.length, heads)
    : layers.map((layer) => splitHeads(layer.forward(x), heads));
}

/** Whether layers are plain ones of one width, all with a bias or all without: adapters (LoRA) may stand in the place of some. */
function areAlike(layers: readonly Linear[]): boolean {
  const [{ weight, bias }] = layers;
  return layers.every(
    (layer) =>
      layer instanceof Linear &&
      layer.weight.shape[1] === weight.shape[1] &&
      (layer.bias === undefined) === (bias === undefined),
  );
}

function added(x: tf.Tensor, positions: tf.Tensor | undefined): tf.Tensor {
  return positions === undefined ? x : tf.add(x, positions);
}

/** @throws unless a tensor is float32 [B, length, width] of as many sequences as the queries */
function requireSequence(name: string, x: tf.Tensor, width: number, batch: number | undefined = x.shape[0]): void {
  if (x.rank === 3 && x.shape[2] === width && x.shape[0] === batch && x.dtype === 'float32') return;
  const rule = `${name} must be float32 [${name === 'x' ? 'B' : batch}, length, ${width}]`;
  throw new Error(`multiHeadAttention: ${rule}, got ${x.dtype} [${x.shape}]`);
}

/** [B, L, H·D] → [B, H, L, D] @throws if the width is no multiple of the heads */
export function splitHeads(x: tf.Tensor, heads: number): tf.Tensor4D {
  requireIntegers('splitHeads', { heads });
  if (x.rank !== 3 || x.shape[2]! % heads !== 0) {
    throw new Error(`splitHeads: x must be [B, L, H·D] with a multiple of heads=${heads}, got [${x.shape}]`);
  }
  const [batch, length, width] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** [B, H, L, D] → [B, L, H·D] */
export function mergeHeads(x: tf.Tensor): tf.Tensor3D {
  if (x.rank !== 4) throw new Error(`mergeHeads: x must be [B, H, L, D], got [${x.shape}]`);
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, heads * width]);
}

/** A score of queries and keys that stand elsewhere than their buffers say. */
function placedScore(score: Score, place: Place): Score {
  const { asProducts } = score;
  return {
    name: score.name,
    ...(score.mayHide && { mayHide: true }),
    scores: (query, key, region = regionOf(query, key)) => score.scores(query, key, { ...region, place }),
    ...(asProducts === undefined ? {} : { asProducts: (query, key) => asProducts.call(score, query, key) }),
  };
}
