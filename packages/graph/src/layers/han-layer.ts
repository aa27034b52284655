import { requireIntegers, Linear, Module, type Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { EdgeTensors } from './edge-tensors.ts';
import { edgeWeights } from './edge-weights.ts';
import type { EdgeLayerInputs } from './gat-layer.ts';
import { glorot } from './initial-weights.ts';
import { combineOverEdges, dotByHead, gatherRows } from './message-passing.ts';

/** One kind of edge: from nodes of one kind to nodes of the same or another. */
export interface Relation {
  /** Index of the sources' kind. */
  readonly source: number;
  /** Index of the targets' kind. */
  readonly target: number;
}

export interface HanLayerConfig {
  /** Width of the features of each kind of nodes. */
  readonly inputs: readonly number[];
  readonly relations: readonly Relation[];
  /** D: width of each head. */
  readonly headWidth: number;
  /** H. Default 1. */
  readonly heads?: number;
  /** Width of the projection in which relations are compared. Default H·D. */
  readonly semanticWidth?: number;
  /** Slope of LeakyReLU below zero. Default 0.2. */
  readonly negativeSlope?: number;
  /** Probability with which an edge's weight is dropped during training. Default 0. */
  readonly dropout?: number;
  /** How captured maps call this layer: `<name>.0`, `<name>.1`, … by relation. Default `relations`. */
  readonly name?: string;
  readonly random: Random;
}

/** What nodes of one kind get. */
export interface HanOutput {
  /** [T, H·D] */
  readonly values: tf.Tensor;
  /** [R]: weights of the relations that lead to this kind, in their order; they sum to 1. */
  readonly semantic: tf.Tensor1D;
}

/** The attention of one relation: GAT's, in projections that all relations share. */
class RelationAttention extends Module {
  /** [H, D] */
  readonly sourceAttention: tf.Variable<tf.Rank.R2>;
  /** [H, D] */
  readonly targetAttention: tf.Variable<tf.Rank.R2>;

  constructor(heads: number, headWidth: number, random: Random) {
    super();
    this.sourceAttention = glorot(random, [heads, headWidth]);
    this.targetAttention = glorot(random, [heads, headWidth]);
  }
}

/** Compares what relations give: βᵣ = softmax over r of q·mean over nodes of tanh(W·zᵣ + b). */
class SemanticAttention extends Module {
  readonly weight: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;
  /** [A] */
  readonly vector: tf.Variable<tf.Rank.R1>;

  constructor(width: number, hiddenWidth: number, random: Random) {
    super();
    const projection = new Linear({ inputs: width, outputs: hiddenWidth, random });
    this.weight = projection.weight;
    this.bias = projection.bias!;
    const vector = glorot(random, [hiddenWidth, 1]);
    this.vector = tf.tidy(() => tf.variable(tf.reshape(vector, [hiddenWidth]) as tf.Tensor1D));
    vector.dispose();
  }

  /** @param relations R × [T, W] @returns Σ βᵣ·zᵣ and β */
  forward(relations: readonly tf.Tensor[]): HanOutput {
    const scores = relations.map((values) => {
      const hidden = tf.tanh(tf.add(tf.matMul(values as tf.Tensor2D, this.weight), this.bias)); // [T, A]
      return tf.sum(tf.mul(tf.mean(hidden, 0), this.vector));
    });
    const semantic = tf.softmax(tf.stack(scores)) as tf.Tensor1D; // [R]
    const weighted = tf.mul(tf.stack([...relations]), tf.reshape(semantic, [-1, 1, 1])); // [R, T, W]
    return { values: tf.sum(weighted, 0), semantic };
  }
}

/**
 * Heterogeneous graph attention (Wang et al. 2019): in each relation GAT's attention over its edges, then attention over the
 * relations, the same for all nodes of a kind. A relation may be a metapath whose edges were computed before.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Random } from '@heed/attention-core';
 * import { edgeTensors, HanLayer } from '@heed/graph';
 * // kind 0: 2 papers of width 5; kind 1: 3 authors of width 4, who wrote them
 * const layer = new HanLayer({ inputs: [5, 4], relations: [{ source: 1, target: 0 }], headWidth: 8, random: new Random(7) });
 * const writes = edgeTensors({ sources: Int32Array.of(0, 1, 2), targets: Int32Array.of(0, 0, 1) }, 3, { targetNodes: 2 });
 * const [papers] = layer.forward([tf.ones([2, 5]), tf.ones([3, 4])], [writes]);
 * papers?.values.shape; // [2, 8]
 * ```
 */
export class HanLayer extends Module {
  readonly projections: Linear[];
  readonly relations: RelationAttention[];
  readonly semantic: SemanticAttention;
  private readonly config: HanLayerConfig;

  constructor(config: HanLayerConfig) {
    super();
    const { inputs, relations, headWidth, heads = 1, random } = config;
    requireIntegers('HanLayer', { headWidth, heads });
    for (const { source, target } of relations) {
      if (inputs[source] === undefined || inputs[target] === undefined) {
        throw new Error(`HanLayer: relations must lead between ${inputs.length} kinds, got ${source} → ${target}`);
      }
    }
    const width = heads * headWidth;
    this.projections = inputs.map((inputs) => new Linear({ inputs, outputs: width, random }));
    this.relations = relations.map(() => new RelationAttention(heads, headWidth, random));
    this.semantic = new SemanticAttention(width, config.semanticWidth ?? width, random);
    this.config = config;
  }

  /**
   * @param xs the features of each kind of nodes, [N, F]
   * @param edges of each relation; `targetNodes` is the number of nodes of the targets' kind
   * @returns for each kind what its nodes get; undefined where no relation leads to it
   */
  forward(
    xs: readonly tf.Tensor[],
    edges: readonly EdgeTensors[],
    { random }: EdgeLayerInputs = {},
  ): Array<HanOutput | undefined> {
    const { relations, negativeSlope = 0.2, dropout = 0, name = 'relations' } = this.config;
    return tf.tidy(() => {
      const hidden = this.projections.map((projection, kind) => projection.forward(xs[kind])); // [N, H·D]
      const outputs: tf.Tensor[][] = xs.map(() => []);
      for (const [index, { source, target }] of relations.entries()) {
        const { sourceAttention, targetAttention } = this.relations[index];
        const ofSources = gatherRows(dotByHead(hidden[source], sourceAttention), edges[index].sources); // [E, H]
        const ofTargets = gatherRows(dotByHead(hidden[target], targetAttention), edges[index].targets); // [E, H]
        const scores = tf.leakyRelu(tf.add(ofSources, ofTargets), negativeSlope); // [E, H]
        const weights = edgeWeights(scores, edges[index], { name: `${name}.${index}`, dropout, random });
        outputs[target].push(tf.relu(combineOverEdges(weights, hidden[source], edges[index]))); // [T, H·D]
      }
      const joined = outputs.map((values) => (values.length === 0 ? undefined : this.semantic.forward(values)));
      return joined as unknown as tf.TensorContainer;
    }) as unknown as Array<HanOutput | undefined>;
  }
}
