/**
 * HAN, "Heterogeneous graph attention network" (Wang et al. 2019), as a classifier of the nodes of one kind.
 *
 * Deviation: relations may lead between different kinds, as in PyTorch Geometric's HANConv; the paper's metapaths lead from a kind to itself.
 */
import { dropout, Linear, Module, Random, type RandomStream } from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { EdgeTensors } from '../../layers/edge-tensors.ts';
import { HanLayer, type HanOutput, type Relation } from '../../layers/han-layer.ts';

/** What a HAN is. JSON, and enough to make the model again. */
export interface HanConfig {
  /** Width of the features of each kind of nodes. */
  readonly inputs: readonly number[];
  readonly relations: readonly Relation[];
  /** Index of the kind whose nodes are classified; some relation leads to it. */
  readonly target: number;
  readonly classes: number;
  /** The paper: 8. */
  readonly heads: number;
  /** The paper: 8. */
  readonly headWidth: number;
  /** Width in which relations are compared. The paper: 128. */
  readonly semanticWidth: number;
  /** Of features, in training. The paper: 0.6. */
  readonly featureDropout: number;
  /** Of the edges' weights, in training. The paper: 0.6. */
  readonly attentionDropout: number;
}

const width = z.number().int().min(1);
const index = z.number().int().min(0);
const rate = z.number().min(0).lt(1);
const schema = z
  .strictObject({
    inputs: z.array(width).min(1),
    relations: z.array(z.strictObject({ source: index, target: index })).min(1),
    target: index,
    classes: width,
    heads: width,
    headWidth: width,
    semanticWidth: width,
    featureDropout: rate,
    attentionDropout: rate,
  })
  .refine(({ relations, target }) => relations.some((relation) => relation.target === target), {
    error: 'a relation must lead to the kind that is classified',
  });

export interface HanPrediction {
  /** [N, classes] */
  readonly logits: tf.Tensor;
  /** Weights of the relations that lead to the classified kind, in their order. */
  readonly semantic: tf.Tensor1D;
}

/** One heterogeneous attention layer and a linear classifier. */
export class Han extends Module {
  readonly layer: HanLayer;
  readonly output: Linear;

  constructor(
    readonly config: HanConfig,
    random: Random,
  ) {
    super();
    const { inputs, relations, classes, heads, headWidth, semanticWidth, attentionDropout } = config;
    this.layer = new HanLayer({
      inputs,
      relations,
      heads,
      headWidth,
      semanticWidth,
      dropout: attentionDropout,
      random,
    });
    this.output = new Linear({ inputs: heads * headWidth, outputs: classes, random });
  }

  /**
   * @param xs the features of each kind of nodes, [N, F]
   * @param edges of each relation; `targetNodes` is the number of nodes of the targets' kind
   */
  forward(
    xs: readonly tf.Tensor[],
    edges: readonly EdgeTensors[],
    { random }: { random?: RandomStream | undefined } = {},
  ): HanPrediction {
    const { featureDropout, target } = this.config;
    return tf.tidy(() => {
      const dropped = xs.map((x) => dropout(x, featureDropout, random));
      const { values, semantic } = this.layer.forward(dropped, edges, { random })[target] as HanOutput;
      return { logits: this.output.forward(values), semantic };
    });
  }
}

/**
 * A new HAN.
 *
 * @throws if a field of the config is missing, unknown or out of range
 *
 * @example
 * ```ts
 * import { createHan } from '@heed/graph';
 * const papersByAuthorsAndCitations = createHan(
 *   {
 *     inputs: [32, 16], // papers, authors
 *     relations: [{ source: 0, target: 0 }, { source: 1, target: 0 }],
 *     target: 0,
 *     classes: 3,
 *     heads: 8,
 *     headWidth: 8,
 *     semanticWidth: 128,
 *     featureDropout: 0.6,
 *     attentionDropout: 0.6,
 *   },
 *   7,
 * );
 * ```
 */
export function createHan(config: HanConfig, seed: number): Han {
  return new Han(parseConfig('createHan', schema, config), new Random(seed));
}
