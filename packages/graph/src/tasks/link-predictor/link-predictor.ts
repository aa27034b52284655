import { Random } from '@heed/attention-core';
import { Task, type FitHistory, type SavedFiles, type TaskParts, type TrainingPlan } from '@heed/tasks';
import { parseConfig, type HostVector } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { AbstractGraph } from 'graphology-types';
import { z } from 'zod';
import { requireUndirected } from '../../graph/edge-lists.ts';
import { checkEdges, checkGraph, type EdgeList, type GraphData } from '../../graph/graph-data.ts';
import { graphFingerprint } from '../../graph/graph-fingerprint.ts';
import { asGraphData, isGraphology } from '../../graph/graphology-graph.ts';
import { NegativePairs, type LinkPairs } from '../../graph/split-edges.ts';
import type { NodeModel } from '../../models/graph-model/graph-model.ts';
import { graphTensors, type GraphTensors } from '../graph-tensors.ts';
import { PATIENCE } from '../gat-recipe.ts';
import { createNodeModel, requireEdgeFeaturesRead } from '../node-architecture.ts';
import { wholeGraphBatch, wholeGraphInputs } from '../whole-graph-batch.ts';
import { checkPairs, linkLoss, measureLinks, measures, pairLogits } from './link-measures.ts';
import {
  linkPredictorSchema,
  linkRecipe,
  type LinkData,
  type LinkFitOptions,
  type LinkMeasures,
  type LinkPredictOptions,
  type LinkPredictorConfig,
  type LinkPredictorOptions,
} from './link-predictor-config.ts';

const stateSchema = z.strictObject({ inputs: z.number().int().min(1), edgeInputs: z.number().int().min(0) });

interface LinkParts extends TaskParts {
  readonly model: NodeModel;
  readonly inputs: number;
  readonly edgeInputs: number;
}

type LinkBatch = {
  readonly sources: HostVector;
  readonly targets: HostVector;
  readonly falseSources: HostVector;
  readonly falseTargets: HostVector;
};

/**
 * Tells which nodes are likely to be linked: those whose embeddings, made by attention over the links that are known, have a large
 * dot product.
 *
 * Negatives are honest: in training they are drawn anew in each epoch, from the pairs that are no link of the graph it may see (a held-out link
 * can be among them, since nothing may be known of it); validation and test have their own, drawn once by `splitEdges`. There are as many as links;
 * fewer where the graph is so dense that it has no more.
 *
 * `fit` uses Adam with a learning rate of 0.005 and an L2 penalty of 0.0005, at most 1,000 epochs. Where there are validation links it stops after
 * 100 epochs in which neither their loss nor `auc` reached a new best (ties count), and keeps the weights of the last in which both did.
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
export class LinkPredictor extends Task<LinkPredictorConfig, LinkParts> {
  static readonly kind = { name: 'LinkPredictor', schema: linkPredictorSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: LinkPredictorOptions = {}) {
    super(LinkPredictor.kind, config);
  }

  /**
   * Learns from the links of the graph; again on a trained predictor, it goes on.
   *
   * @throws if the graph is not sound, is directed, has no links, or links all pairs; if validation pairs are not the graph's; if a checkpoint is of
   * another run
   */
  async fit(source: LinkData | AbstractGraph, options: LinkFitOptions = {}): Promise<FitHistory> {
    const owner = 'LinkPredictor.fit';
    const { graph, validation: pairs }: LinkData = isGraphology(source as GraphData | AbstractGraph)
      ? { graph: asGraphData(source as AbstractGraph) }
      : (source as LinkData);
    const edgeInputs = graph.edgeFeatures?.shape[1] ?? 0;
    requireEdgeFeaturesRead(owner, this.config, edgeInputs);
    checkGraph(owner, graph);
    requireUndirected(owner, graph, graph.nodes);
    const links = [...graph.sources.keys()].filter((edge) => graph.sources[edge] < graph.targets[edge]);
    if (links.length === 0) throw new Error(`${owner}: the graph must have a link to learn from, got none`);
    const negatives = new NegativePairs(graph, graph.nodes);
    if (negatives.count === 0) {
      throw new Error(
        `${owner}: the graph must have a pair of nodes without a link, got links between all ${graph.nodes}`,
      );
    }
    const validation = pairs !== undefined && pairs.positive.sources.length > 0 ? pairs : undefined;
    if (validation !== undefined) checkPairs(owner, validation, graph.nodes);
    const positives = {
      sources: Int32Array.from(links, (edge) => graph.sources[edge]),
      targets: Int32Array.from(links, (edge) => graph.targets[edge]),
    };
    let tensors: GraphTensors | undefined;
    try {
      return await this.train<LinkBatch>(
        { ...(validation && { patience: PATIENCE }), ...options },
        linkRecipe,
        () => this.create({ inputs: graph.features.shape[1], edgeInputs }),
        ({ model }) => {
          this.checkWidths('fit', graph);
          tensors = graphTensors(graph);
          const { x, edges } = tensors;
          return {
            loss: (batch, { random }) => {
              const embeddings = model.forward(x, edges, { random }); // [N, embeddingWidth]
              const logits = (sources: tf.Tensor1D, targets: tf.Tensor1D) => pairLogits(embeddings, sources, targets);
              return linkLoss(logits(batch.sources, batch.targets), logits(batch.falseSources, batch.falseTargets));
            },
            data: this.batches(positives, negatives),
            identity: {
              data: graphFingerprint([graph], ...[validation?.positive, validation?.negative].flatMap(endsOf)),
            },
            evaluation: validation && {
              run: () => measureLinks(model, tensors!, validation),
              monitor: [
                { metric: 'loss', goal: 'min' },
                { metric: 'auc', goal: 'max' },
              ],
              ties: true,
            },
          };
        },
      );
    } finally {
      tensors?.dispose();
    }
  }

  /**
   * The probability of a link for each pair.
   *
   * @param source the graph with the links that are known
   * @param pairs of nodes of the graph
   * @returns [pairs]
   * @throws before `fit` or `load`, if the graph is not sound or its features are of another width, or a pair names a node that is not there
   */
  async predict(
    source: GraphData | AbstractGraph,
    pairs: EdgeList,
    options: LinkPredictOptions = {},
  ): Promise<Float32Array> {
    const logits = await this.logits('predict', asGraphData(source), pairs, options);
    return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  }

  /** How well links are told from other pairs. @throws as `predict`, or if there are no links or no other pairs */
  async evaluate(
    source: GraphData | AbstractGraph,
    pairs: LinkPairs,
    options: LinkPredictOptions = {},
  ): Promise<LinkMeasures> {
    const graph = asGraphData(source);
    this.require('evaluate');
    checkPairs('LinkPredictor.evaluate', pairs, graph.nodes);
    const { positive, negative } = pairs;
    const join = (ends: 'sources' | 'targets') => Int32Array.from([...positive[ends], ...negative[ends]]);
    const all = { sources: join('sources'), targets: join('targets') };
    const logits = await this.logits('evaluate', graph, all, options);
    return measures(logits.slice(0, positive.sources.length), logits.slice(positive.sources.length));
  }

  /** The nodes' embeddings, row after row: [N, embeddingWidth]. @throws as `predict` */
  embed(source: GraphData | AbstractGraph, options: LinkPredictOptions = {}): Promise<Float32Array> {
    return this.embeddings('embed', asGraphData(source), options);
  }

  protected describe({ inputs, edgeInputs }: LinkParts) {
    return { state: { inputs, edgeInputs } };
  }

  protected restore({ state }: SavedFiles): LinkParts {
    return this.create(parseConfig('LinkPredictor.load', stateSchema, state));
  }

  private create(shape: Omit<LinkParts, 'model'>): LinkParts {
    const { embeddingWidth, seed } = this.config;
    return { ...shape, model: createNodeModel(this.config, { ...shape, outputs: embeddingWidth }, seed) };
  }

  /** All links in one batch, among as many other pairs, which are drawn anew in each epoch. */
  private batches(positives: EdgeList, negatives: NegativePairs): TrainingPlan<LinkBatch>['data'] {
    const { seed } = this.config;
    const list = (data: Int32Array): HostVector => ({ data, shape: [data.length] });
    const count = Math.min(positives.sources.length, negatives.count);
    const batch = (epoch: number) => {
      const drawn = negatives.draw(count, new Random(seed).fork(`epoch ${epoch}`));
      return {
        sources: list(positives.sources),
        targets: list(positives.targets),
        falseSources: list(drawn.sources),
        falseTargets: list(drawn.targets),
      };
    };
    return Object.assign((epoch: number) => [batch(epoch)], { perEpoch: 1 });
  }

  private async logits(
    method: string,
    graph: GraphData,
    pairs: EdgeList,
    options: LinkPredictOptions,
  ): Promise<Float32Array> {
    this.require(method);
    checkEdges(`LinkPredictor.${method}`, pairs, graph.nodes);
    const embeddings = await this.embeddings(method, graph, options);
    const width = this.config.embeddingWidth;
    return Float32Array.from(pairs.sources, (source, pair) => {
      const target = pairs.targets[pair];
      let sum = 0;
      for (let i = 0; i < width; i++) sum += embeddings[source * width + i] * embeddings[target * width + i];
      return sum;
    });
  }

  private async embeddings(method: string, graph: GraphData, options: LinkPredictOptions): Promise<Float32Array> {
    const { model, inputs } = this.require(method);
    this.checkWidths(method, graph);
    const [embeddings] = await this.predictInBatches(
      method,
      [graph],
      {
        batch: ([graph]) => wholeGraphBatch(graph),
        forward: (batch) => {
          const { x, edges } = wholeGraphInputs(batch, inputs);
          return { embeddings: tf.expandDims(model.forward(x, edges)) }; // [1, N, embeddingWidth]
        },
        result: ({ embeddings }) => Float32Array.from(embeddings.data),
      },
      { batchSize: 1, signal: options.signal },
    );
    return embeddings;
  }

  private checkWidths(method: string, graph: GraphData): void {
    const owner = `LinkPredictor.${method}`;
    const { inputs, edgeInputs } = this.require(method);
    checkGraph(owner, graph);
    const widths = [graph.features.shape[1], graph.edgeFeatures?.shape[1] ?? 0];
    if (widths[0] !== inputs) throw new Error(`${owner}: features must be ${inputs} wide as in fit, got ${widths[0]}`);
    if (widths[1] !== edgeInputs) {
      throw new Error(`${owner}: edge features must be ${edgeInputs} wide as in fit, got ${widths[1]}`);
    }
  }
}

function endsOf(list: EdgeList | undefined): Int32Array[] {
  return list === undefined ? [] : [list.sources, list.targets];
}
