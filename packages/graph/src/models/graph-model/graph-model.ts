import { Linear, Module, type Random, type RandomStream } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { EdgeTensors, LayerEdges } from '../../layers/edge-tensors.ts';
import { GlobalAttentionPooling } from '../../layers/global-attention-pooling.ts';
import type { NodeFeatures } from '../../layers/node-features.ts';

/** A model that gives a row of numbers for every node. */
export interface NodeModel extends Module {
  /** @param x [N, F] @returns [N, outputs] */
  forward(x: NodeFeatures, edges: LayerEdges, options?: { random?: RandomStream | undefined }): tf.Tensor;
}

export interface GraphModelConfig {
  /** Numbers that the model over nodes gives for each. */
  readonly width: number;
  readonly classes: number;
}

/** A model over nodes, attention pooling over each graph's nodes, and a linear classifier. */
export class GraphModel extends Module {
  readonly nodes: NodeModel;
  readonly pooling: GlobalAttentionPooling;
  readonly output: Linear;

  constructor(nodes: NodeModel, { width, classes }: GraphModelConfig, random: Random) {
    super();
    this.nodes = nodes;
    this.pooling = new GlobalAttentionPooling({ inputs: width, random });
    this.output = new Linear({ inputs: width, outputs: classes, random });
  }

  /**
   * @param x [N, F]
   * @param graphOf int32 [N]: which graph each node belongs to
   * @returns logits [graphs, classes]
   */
  forward(
    x: NodeFeatures,
    edges: EdgeTensors,
    { graphOf, graphs }: { readonly graphOf: tf.Tensor1D; readonly graphs: number },
    { random }: { random?: RandomStream | undefined } = {},
  ): tf.Tensor {
    return tf.tidy(() => {
      const hidden = tf.elu(this.nodes.forward(x, edges, { random })); // [N, width]
      return this.output.forward(this.pooling.forward(hidden, graphOf, graphs));
    });
  }
}
