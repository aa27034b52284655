import { Linear, Module, Random, type RandomStream } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { GlobalAttentionPooling } from '../layers/global-attention-pooling.ts';
import type { EdgeTensors } from '../layers/edge-tensors.ts';
import type { NodeFeatures } from '../layers/node-features.ts';
import { createNodeModel, type NodeModel, type NodeModelConfig } from './node-model.ts';

/** Sizes of a model over whole graphs. */
export interface GraphModelShape {
  /** F: width of a node's features. */
  readonly inputs: number;
  /** G: width of the edges' features; 0 where they have none. */
  readonly edgeInputs: number;
  /** Width of a node before pooling. */
  readonly width: number;
  readonly classes: number;
}

/** A model over nodes, attention pooling over each graph's nodes, and a linear classifier. */
export class GraphModel extends Module {
  readonly nodes: NodeModel;
  readonly pooling: GlobalAttentionPooling;
  readonly output: Linear;

  constructor(config: NodeModelConfig, { inputs, edgeInputs, width, classes }: GraphModelShape, seed: number) {
    super();
    const random = new Random(seed).fork('pooling');
    this.nodes = createNodeModel(config, { inputs, outputs: width, edgeInputs }, seed);
    this.pooling = new GlobalAttentionPooling({ inputs: width, random });
    this.output = new Linear({ inputs: width, outputs: classes, random });
  }

  /**
   * @param x [N, F]
   * @param graphOf int32 [N]
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
