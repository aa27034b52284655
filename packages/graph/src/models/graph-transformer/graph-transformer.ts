/**
 * A Transformer over edges, "A generalization of Transformer networks to graphs" (Dwivedi & Bresson 2021), for nodes.
 *
 * Positions (`laplacianPositions`, `randomWalkPositions`) stand as columns beside the features (`joinColumns`): their projection
 * and the features' are then one matrix, as the paper's sum of two.
 *
 * Deviations: layer normalisation before each part, where the paper has batch normalisation behind it; edge features are added to keys and values
 * (Shi et al. 2021) and stay as they are, where the paper updates them.
 */
import {
  dropout,
  FeedForward,
  LayerNorm,
  Linear,
  Module,
  Random,
  weight,
  type RandomStream,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { edgesOf, type EdgeTensors, type LayerEdges } from '../../layers/edge-tensors.ts';
import { firstRows } from '../../layers/message-passing.ts';
import { glorot } from '../../layers/initial-weights.ts';
import { projectFeatures, type NodeFeatures } from '../../layers/node-features.ts';
import { TransformerLayer } from '../../layers/transformer-layer.ts';

/** What a graph Transformer is. JSON, and enough to make the model again. */
export interface GraphTransformerConfig {
  /** F: width of a node's features, positions included. */
  readonly inputs: number;
  /** Numbers per node that it gives: classes, or the width of an embedding. */
  readonly outputs: number;
  /** Number of blocks. */
  readonly layers: number;
  /** M: width of a node between blocks; a multiple of heads. */
  readonly modelWidth: number;
  readonly heads: number;
  /** Width between the two layers of each feed-forward part. */
  readonly hiddenWidth: number;
  /** G: width of the edges' features; 0 where they have none. */
  readonly edgeInputs: number;
  /** After attention and feed-forward parts, in training. */
  readonly dropout: number;
  /** Share of the edges' weights dropped in training. */
  readonly attentionDropout: number;
}

const width = z.number().int().min(1);
const rate = z.number().min(0).lt(1);
const schema = z
  .strictObject({
    inputs: width,
    outputs: width,
    layers: width,
    modelWidth: width,
    heads: width,
    hiddenWidth: width,
    edgeInputs: z.number().int().min(0),
    dropout: rate,
    attentionDropout: rate,
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, { error: 'modelWidth must be a multiple of heads' });

interface Training {
  readonly random?: RandomStream | undefined;
}

/** x + O·attention(norm(x)), then x + feed-forward(norm(x)). */
class Block extends Module {
  readonly attentionNorm: LayerNorm;
  readonly attention: TransformerLayer;
  readonly output: Linear;
  readonly feedForwardNorm: LayerNorm;
  readonly feedForward: FeedForward;

  constructor(
    private readonly config: GraphTransformerConfig,
    name: string,
    random: Random,
  ) {
    super();
    const { modelWidth, heads, hiddenWidth, edgeInputs, attentionDropout } = config;
    this.attentionNorm = new LayerNorm({ width: modelWidth });
    this.attention = new TransformerLayer({
      inputs: modelWidth,
      headWidth: modelWidth / heads,
      heads,
      edgeInputs,
      skip: false,
      dropout: attentionDropout,
      name,
      random,
    });
    this.output = new Linear({ inputs: modelWidth, outputs: modelWidth, random });
    this.feedForwardNorm = new LayerNorm({ width: modelWidth });
    this.feedForward = new FeedForward({ modelWidth, hiddenWidth, random });
  }

  /** @param x [N, M] @returns [T, M] */
  forward(x: tf.Tensor, edges: EdgeTensors, { random }: Training): tf.Tensor {
    const rate = this.config.dropout;
    const seen = this.attention.forward(this.attentionNorm.forward(x), edges, { random }); // [T, M]
    const attended = tf.add(firstRows(x, edges.targetNodes), dropout(this.output.forward(seen), rate, random)); // [T, M]
    const fed = this.feedForward.forward(this.feedForwardNorm.forward(attended), { random });
    return tf.add(attended, dropout(fed, rate, random));
  }
}

/** Blocks between a projection of the features and one to the outputs. */
export class GraphTransformer extends Module {
  /** [F, M] */
  readonly inputWeight: tf.Variable<tf.Rank.R2>;
  readonly inputBias: tf.Variable<tf.Rank.R1>;
  readonly blocks: Block[];
  readonly norm: LayerNorm;
  readonly output: Linear;

  constructor(
    readonly config: GraphTransformerConfig,
    random: Random,
  ) {
    super();
    const { inputs, outputs, layers, modelWidth } = config;
    this.inputWeight = glorot(random, [inputs, modelWidth]);
    this.inputBias = weight<tf.Rank.R1>(new Float32Array(modelWidth), [modelWidth]);
    this.blocks = Array.from({ length: layers }, (_, index) => new Block(config, `blocks.${index}`, random));
    this.norm = new LayerNorm({ width: modelWidth });
    this.output = new Linear({ inputs: modelWidth, outputs, random });
  }

  /** @param x [N, F] @returns [N, outputs] */
  forward(x: NodeFeatures, edges: LayerEdges, { random }: Training = {}): tf.Tensor {
    return tf.tidy(() => {
      const projected = projectFeatures(x, this.inputWeight, this.inputBias); // [N, M]
      const hidden = this.blocks.reduce(
        (hidden, block, index) => block.forward(hidden, edgesOf(edges, index), { random }),
        projected,
      );
      return this.output.forward(this.norm.forward(hidden));
    });
  }
}

/**
 * A new graph Transformer.
 *
 * @throws if a field of the config is missing, unknown or out of range
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createGraphTransformer, edgeTensors, graphTransformerForMolecules, withSelfLoops } from '@heed/graph';
 * const path = withSelfLoops({ sources: Int32Array.of(0, 1), targets: Int32Array.of(1, 2) }, 3);
 * const model = createGraphTransformer({ ...graphTransformerForMolecules, inputs: 4, outputs: 2, edgeInputs: 0 }, 7);
 * model.forward(tf.ones([3, 4]), edgeTensors(path, 3)).shape; // [3, 2]
 * ```
 */
export function createGraphTransformer(config: GraphTransformerConfig, seed: number): GraphTransformer {
  return new GraphTransformer(parseConfig('createGraphTransformer', schema, config), new Random(seed));
}
