import type { Module, RandomStream } from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import type * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { LayerEdges } from '../layers/edge-tensors.ts';
import type { NodeFeatures } from '../layers/node-features.ts';
import { createGat } from '../models/gat/gat.ts';
import { createGatV2 } from '../models/gatv2/gatv2.ts';
import { createGraphTransformer } from '../models/graph-transformer/graph-transformer.ts';
import { createMlp } from '../models/mlp/mlp.ts';

/** A model that gives a row of numbers for every node. */
export interface NodeModel extends Module {
  /** @param x [N, F] @returns [N, outputs] */
  forward(x: NodeFeatures, edges: LayerEdges, options?: { random?: RandomStream | undefined }): tf.Tensor;
}

/** What a model over nodes is like; inputs and outputs come from the data. */
export interface NodeModelConfig {
  /** `mlp` sees no edges: it shows what the others gain by them. Default `gatv2`. */
  readonly architecture?: 'gatv2' | 'gat' | 'transformer' | 'mlp';
  /** Default 2. */
  readonly layers?: number;
  /** Heads of every layer but the last. Default 8. */
  readonly heads?: number;
  /** Width of each of these heads. Default 8. */
  readonly headWidth?: number;
  /** Heads of the last layer, which are averaged; a Transformer has no such layer. Default 1. */
  readonly outputHeads?: number;
  /** Share of the features dropped before every layer in training (in a Transformer, after every part). Default 0.6. */
  readonly featureDropout?: number;
  /** Share of the edges' weights dropped in training. Default 0.6. */
  readonly attentionDropout?: number;
}

const width = z.number().int().min(1);
const rate = z.number().min(0).lt(1);

/** The fields of `NodeModelConfig`, for the schemas of tasks. */
export const nodeModelFields = {
  architecture: z.enum(['gatv2', 'gat', 'transformer', 'mlp']).default('gatv2'),
  layers: width.default(2),
  heads: width.default(8),
  headWidth: width.default(8),
  outputHeads: width.default(1),
  featureDropout: rate.default(0.6),
  attentionDropout: rate.default(0.6),
};

const schema = z.strictObject(nodeModelFields);

/** A model for features of width `inputs` that gives `outputs` numbers per node. */
export function createNodeModel(
  config: NodeModelConfig,
  { inputs, outputs, edgeInputs = 0 }: { inputs: number; outputs: number; edgeInputs?: number },
  seed: number,
): NodeModel {
  const { architecture, layers, heads, headWidth, outputHeads, featureDropout, attentionDropout } = parseConfig(
    'createNodeModel',
    schema,
    config,
  );
  const common = { inputs, classes: outputs, layers, featureDropout };
  const attention = { ...common, heads, headWidth, outputHeads, attentionDropout };
  switch (architecture) {
    case 'gatv2':
      return createGatV2({ ...attention, edgeInputs, sharedWeights: true }, seed);
    case 'gat':
      return createGat(attention, seed);
    case 'transformer': {
      const modelWidth = heads * headWidth;
      const parts = { layers, modelWidth, heads, hiddenWidth: 2 * modelWidth, dropout: featureDropout };
      return createGraphTransformer({ inputs, outputs, edgeInputs, attentionDropout, ...parts }, seed);
    }
    case 'mlp':
      return createMlp({ ...common, hiddenWidth: heads * headWidth }, seed);
  }
}
