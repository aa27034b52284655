import { z } from 'zod';
import type { NodeModel } from '../models/graph-model/graph-model.ts';
import { createGat } from '../models/gat/gat.ts';
import { createGatV2 } from '../models/gatv2/gatv2.ts';
import { createGraphTransformer } from '../models/graph-transformer/graph-transformer.ts';
import { createMlp } from '../models/mlp/mlp.ts';

/** What a model over nodes is like, one of its architectures; widths of inputs and outputs come from the data. */
export type NodeArchitecture = EdgeAttentionArchitecture | TransformerArchitecture | MlpArchitecture;

/** Layers of attention over edges. */
export interface EdgeAttentionArchitecture {
  readonly architecture: 'gatv2' | 'gat';
  /** Number of layers, the last included. Default 2. */
  readonly layers: number;
  /** Heads of every layer but the last. Default 8. */
  readonly heads: number;
  /** Width of each of these heads. Default 8. */
  readonly headWidth: number;
  /** Heads of the last layer, which are averaged. Default 1. */
  readonly outputHeads: number;
  /** Fraction of the features that is dropped before every layer in training. Default 0.6. */
  readonly featureDropout: number;
  /** Fraction of the edges' weights that is dropped in training. Default 0.6. */
  readonly attentionDropout: number;
}

/** A Transformer over edges. */
export interface TransformerArchitecture {
  readonly architecture: 'transformer';
  /** Number of layers. Default 2. */
  readonly layers: number;
  /** Default 8. */
  readonly heads: number;
  /** Width of each head. Default 8. */
  readonly headWidth: number;
  /** Fraction of the numbers that is dropped after every part in training. Default 0.6. */
  readonly featureDropout: number;
  /** Fraction of the edges' weights that is dropped in training. Default 0.6. */
  readonly attentionDropout: number;
}

/** A perceptron for each node, which sees no edges: it shows what the others gain by them. */
export interface MlpArchitecture {
  readonly architecture: 'mlp';
  /** Number of layers, the last included. Default 2. */
  readonly layers: number;
  /** Width of every layer but the last. Default 64. */
  readonly hiddenWidth: number;
  /** Fraction of the features that is dropped before every layer in training. Default 0.6. */
  readonly featureDropout: number;
}

/** What the constructor of a task takes: an architecture, `gatv2` by default, and what shall not be as by default. */
export type NodeArchitectureOptions =
  | (Partial<EdgeAttentionArchitecture> & { readonly architecture?: 'gatv2' | 'gat' })
  | (Partial<TransformerArchitecture> & { readonly architecture: 'transformer' })
  | (Partial<MlpArchitecture> & { readonly architecture: 'mlp' });

const width = z.number().int().min(1);
const rate = z.number().min(0).lt(1).default(0.6);
const heads = { heads: width.default(8), headWidth: width.default(8), attentionDropout: rate };
const all = { layers: width.default(2), featureDropout: rate };

/** A schema of an architecture and further fields; `gatv2` where none is named. */
export function architectureSchema<Fields extends z.ZodRawShape>(fields: Fields) {
  return z.preprocess(
    (config) => (typeof config === 'object' ? { architecture: 'gatv2', ...config } : config),
    z.discriminatedUnion('architecture', [
      z.strictObject({
        architecture: z.enum(['gatv2', 'gat']),
        ...all,
        ...heads,
        outputHeads: width.default(1),
        ...fields,
      }),
      z.strictObject({ architecture: z.literal('transformer'), ...all, ...heads, ...fields }),
      z.strictObject({ architecture: z.literal('mlp'), ...all, hiddenWidth: width.default(64), ...fields }),
    ]),
  );
}

/** Widths that the data decide. */
export interface NodeModelWidths {
  /** F: width of a node's features. */
  readonly inputs: number;
  /** Numbers for each node. */
  readonly outputs: number;
  /** G: width of the edges' features; 0 where they have none. */
  readonly edgeInputs: number;
}

/** A model for features of width `inputs` that gives `outputs` numbers per node. */
export function createNodeModel(
  config: NodeArchitecture,
  { inputs, outputs, edgeInputs }: NodeModelWidths,
  seed: number,
): NodeModel {
  const { layers, featureDropout } = config;
  const common = { inputs, classes: outputs, layers, featureDropout };
  switch (config.architecture) {
    case 'gatv2':
    case 'gat': {
      const { architecture, heads, headWidth, outputHeads, attentionDropout } = config;
      const attention = { ...common, heads, headWidth, outputHeads, attentionDropout };
      return architecture === 'gat'
        ? createGat(attention, seed)
        : createGatV2({ ...attention, edgeInputs, sharedWeights: true }, seed);
    }
    case 'transformer': {
      const { heads, headWidth, attentionDropout } = config;
      const modelWidth = heads * headWidth;
      const parts = { layers, modelWidth, heads, hiddenWidth: 2 * modelWidth, dropout: featureDropout };
      return createGraphTransformer({ inputs, outputs, edgeInputs, attentionDropout, ...parts }, seed);
    }
    case 'mlp':
      return createMlp({ ...common, hiddenWidth: config.hiddenWidth }, seed);
  }
}

/** @throws if edges have features, and an architecture that reads none would ignore them */
export function requireEdgeFeaturesRead(owner: string, { architecture }: NodeArchitecture, edgeInputs: number): void {
  if (edgeInputs > 0 && (architecture === 'gat' || architecture === 'mlp')) {
    throw new Error(
      `${owner}: edge features go with architecture 'gatv2' or 'transformer', got ${edgeInputs} of each edge with '${architecture}'`,
    );
  }
}
