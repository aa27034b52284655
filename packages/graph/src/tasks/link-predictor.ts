import { Random } from '@heed/attention-core';
import { type Folder, parseConfig } from '@heed/training';
import { areaUnderRoc, averagePrecision } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import type { AbstractGraph } from 'graphology-types';
import { z } from 'zod';
import { checkEdges, checkGraph, type EdgeList, type GraphData } from '../graph/graph-data.ts';
import { isGraphology, readGraph } from '../graph/graphology-graph.ts';
import { requireUndirected } from '../graph/edge-lists.ts';
import { NegativePairs, type LinkPairs } from '../graph/split-edges.ts';
import { fitTask, type TaskFitOptions, type TaskHistory } from './fit-task.ts';
import { graphTensors, type GraphTensors } from './graph-tensors.ts';
import { createNodeModel, nodeModelFields, type NodeModel, type NodeModelConfig } from './node-model.ts';
import { readTaskConfig, readTaskWeights, saveTask } from './task-files.ts';

export interface LinkPredictorConfig extends NodeModelConfig {
  /** Width of a node's embedding. Default 32. */
  readonly embeddingWidth?: number;
  /** Decides the initial weights, all dropout, and the negatives. Default 0. */
  readonly seed?: number;
}

export interface LinkMeasures extends Readonly<Record<string, number>> {
  readonly loss: number;
  /** Area under the ROC curve. */
  readonly auc: number;
  readonly averagePrecision: number;
}

/** What links are learned from: what `splitEdges` gives, or a graph without anything held out. */
export interface LinkData {
  readonly graph: GraphData;
  readonly validation?: LinkPairs;
}

const positive = z.number().int().min(1);
const schema = z.strictObject({
  ...nodeModelFields,
  embeddingWidth: positive.default(32),
  seed: z.number().int().min(0).default(0),
});
const saved = z.strictObject({ task: z.literal('link-predictor'), config: schema, inputs: positive });

/**
 * Tells which nodes are likely to be linked: those whose embeddings, made by attention over the links that are known, have a large
 * dot product.
 *
 * Negatives are honest: in training they are drawn anew in each epoch, from the pairs that are no link of the graph it may see (a held-out link
 * can be among them, since nothing may be known of it); validation and test have their own, drawn once by `splitEdges`.
 *
 * @example
 * ```ts
 * import { karateClub, LinkPredictor, readGraph, splitEdges } from '@heed/graph';
 * const split = splitEdges(readGraph(karateClub()).data, { seed: 7 });
 * const predictor = new LinkPredictor({ seed: 7 });
 * await predictor.fit(split, { epochs: 100 });
 * const { auc } = await predictor.evaluate(split.graph, split.test);
 * ```
 */
export class LinkPredictor {
  readonly config: z.infer<typeof schema>;
  private fitted: { readonly model: NodeModel; readonly inputs: number } | undefined;

  /** @throws if a field of the config is unknown or out of range */
  constructor(config: LinkPredictorConfig = {}) {
    this.config = parseConfig('LinkPredictor', schema as z.ZodType<z.infer<typeof schema>>, config);
  }

  /**
   * Learns from the links of the graph; the score that decides when to stop is the validation's `auc`.
   *
   * @throws if the graph is not sound, is directed, or has no links
   */
  async fit(source: LinkData | AbstractGraph, options: TaskFitOptions = {}): Promise<TaskHistory<LinkMeasures>> {
    const { graph, validation }: LinkData =
      'graph' in source ? source : { graph: readGraph(source, { label: undefined }).data };
    checkGraph('LinkPredictor.fit', graph);
    requireUndirected('LinkPredictor.fit', graph, graph.nodes);
    const links = [...graph.sources.keys()].filter((edge) => graph.sources[edge] < graph.targets[edge]);
    if (links.length === 0) throw new Error('LinkPredictor.fit: the graph must have a link to learn from, got none');
    this.dispose();
    const inputs = graph.features.shape[1];
    const model = this.create(inputs);
    this.fitted = { model, inputs };
    const tensors = graphTensors(graph);
    const positives = {
      sources: Int32Array.from(links, (edge) => graph.sources[edge]),
      targets: Int32Array.from(links, (edge) => graph.targets[edge]),
    };
    const pairs = new NegativePairs(graph, graph.nodes);
    const { seed } = this.config;
    try {
      return await fitTask(
        {
          model,
          loss: (batch, { random }) => {
            const embeddings = model.forward(tensors.x, tensors.edges, { random }); // [N, embeddingWidth]
            const logits = (sources: tf.Tensor, targets: tf.Tensor) => pairLogits(embeddings, sources, targets);
            return linkLoss(logits(batch.sources, batch.targets), logits(batch.falseSources, batch.falseTargets));
          },
          data: (epoch) => {
            const negatives = pairs.draw(links.length, new Random(seed).fork(`epoch ${epoch}`));
            const array = (data: Int32Array) => ({ data, shape: [data.length] });
            return [
              {
                sources: array(positives.sources),
                targets: array(positives.targets),
                falseSources: array(negatives.sources),
                falseTargets: array(negatives.targets),
              },
            ];
          },
          seed,
          validate: validation && (() => measure(model, tensors, validation)),
          score: 'auc',
        },
        options,
      );
    } finally {
      tensors.dispose();
    }
  }

  /**
   * The probability of a link for each pair.
   *
   * @param source the graph with the links that are known
   * @param pairs of nodes of the graph
   * @returns [pairs]
   */
  async predict(source: GraphData | AbstractGraph, pairs: EdgeList): Promise<Float32Array> {
    return this.onGraph('predict', source, async (model, tensors, graph) => {
      checkEdges('LinkPredictor.predict', pairs, graph.nodes);
      const logits = await logitsOf(model, tensors, pairs);
      return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
    });
  }

  /** How well links are told from other pairs. */
  async evaluate(source: GraphData | AbstractGraph, pairs: LinkPairs): Promise<LinkMeasures> {
    return this.onGraph('evaluate', source, (model, tensors, graph) => {
      checkEdges('LinkPredictor.evaluate', pairs.positive, graph.nodes);
      checkEdges('LinkPredictor.evaluate', pairs.negative, graph.nodes);
      return measure(model, tensors, pairs);
    });
  }

  /** The nodes' embeddings, row after row: [N, embeddingWidth]. */
  async embed(source: GraphData | AbstractGraph): Promise<Float32Array> {
    return this.onGraph('embed', source, async (model, { x, edges }) => {
      const embeddings = model.forward(x, edges);
      const values = Float32Array.from(await embeddings.data());
      embeddings.dispose();
      return values;
    });
  }

  /** Writes `config.json` and `model.safetensors`. */
  async save(folder: Folder | string): Promise<void> {
    const { model, inputs } = this.requireFitted('save');
    await saveTask(folder, { task: 'link-predictor', config: this.config, inputs }, model);
  }

  /** @throws if the folder holds no link predictor, or weights of other shapes */
  static async load(folder: Folder | string): Promise<LinkPredictor> {
    const owner = 'LinkPredictor';
    const { config, inputs } = await readTaskConfig(owner, folder, saved as z.ZodType<z.infer<typeof saved>>);
    const predictor = new LinkPredictor(config);
    const model = predictor.create(inputs);
    predictor.fitted = { model, inputs };
    await readTaskWeights(folder, model);
    return predictor;
  }

  /** Frees the model's weights. */
  dispose(): void {
    this.fitted?.model.dispose();
    this.fitted = undefined;
  }

  private create(inputs: number): NodeModel {
    const { seed, embeddingWidth, ...config } = this.config;
    return createNodeModel(config, { inputs, outputs: embeddingWidth }, seed);
  }

  private requireFitted(method: string): { readonly model: NodeModel; readonly inputs: number } {
    if (this.fitted === undefined) throw new Error(`LinkPredictor.${method}: fit or load must come first`);
    return this.fitted;
  }

  private async onGraph<T>(
    method: string,
    source: GraphData | AbstractGraph,
    run: (model: NodeModel, tensors: GraphTensors, graph: GraphData) => Promise<T>,
  ): Promise<T> {
    const { model, inputs } = this.requireFitted(method);
    const graph = isGraphology(source) ? readGraph(source, { label: undefined }).data : source;
    checkGraph(`LinkPredictor.${method}`, graph);
    if (graph.features.shape[1] !== inputs) {
      throw new Error(`LinkPredictor.${method}: features must be ${inputs} wide, got ${graph.features.shape[1]}`);
    }
    const tensors = graphTensors(graph);
    try {
      return await run(model, tensors, graph);
    } finally {
      tensors.dispose();
    }
  }
}

/** Dot products of the embeddings of each pair: [pairs]. */
function pairLogits(embeddings: tf.Tensor, sources: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  const rows = (nodes: tf.Tensor) => tf.gather(embeddings, nodes as tf.Tensor1D); // [pairs, embeddingWidth]
  return tf.sum(tf.mul(rows(sources), rows(targets)), 1);
}

/** Binary cross-entropy, links and others counting the same. */
function linkLoss(positives: tf.Tensor, negatives: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.mean(tf.softplus(tf.neg(positives))), tf.mean(tf.softplus(negatives))), 0.5);
}

async function logitsOf(model: NodeModel, { x, edges }: GraphTensors, pairs: EdgeList): Promise<Float32Array> {
  const logits = tf.tidy(() => {
    const ends = (nodes: Int32Array) => tf.tensor1d(nodes, 'int32');
    return pairLogits(model.forward(x, edges), ends(pairs.sources), ends(pairs.targets));
  });
  const values = Float32Array.from(await logits.data());
  logits.dispose();
  return values;
}

async function measure(
  model: NodeModel,
  tensors: GraphTensors,
  { positive, negative }: LinkPairs,
): Promise<LinkMeasures> {
  const positives = await logitsOf(model, tensors, positive);
  const negatives = await logitsOf(model, tensors, negative);
  const loss = tf.tidy(() => linkLoss(tf.tensor1d(positives), tf.tensor1d(negatives)).dataSync()[0]);
  return {
    loss,
    auc: areaUnderRoc(positives, negatives),
    averagePrecision: averagePrecision(positives, negatives),
  };
}
