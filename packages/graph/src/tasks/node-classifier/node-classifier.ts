import { capture } from '@heed/attention-core';
import { Task, type FitHistory, type SavedFiles, type TaskParts } from '@heed/tasks';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { AbstractGraph } from 'graphology-types';
import { z } from 'zod';
import { nonLoops } from '../../graph/edge-lists.ts';
import { checkGraph, type GraphData } from '../../graph/graph-data.ts';
import { graphFingerprint } from '../../graph/graph-fingerprint.ts';
import { asGraphData, isGraphology, readGraph } from '../../graph/graphology-graph.ts';
import { writeEdgeMeans } from '../../graph/write-edge-means.ts';
import type { NodeModel } from '../../models/graph-model/graph-model.ts';
import { graphTensors } from '../graph-tensors.ts';
import { PATIENCE } from '../gat-recipe.ts';
import { createNodeModel, requireEdgeFeaturesRead } from '../node-architecture.ts';
import { wholeGraphBatch, wholeGraphInputs } from '../whole-graph-batch.ts';
import { explainNode, type EdgeExplanation } from './explain-node.ts';
import { checkSampling, sampledBatches, wholeGraphBatches } from './node-batches.ts';
import {
  nodeClassifierSchema,
  nodeRecipe,
  type NodeClassifierConfig,
  type NodeClassifierOptions,
  type NodeFitOptions,
  type NodeMeasures,
  type NodePredictions,
  type NodePredictOptions,
} from './node-classifier-config.ts';
import { asNodeData, checkNodeData, classNamesOf, labelledAs, labelledNodes, type NodeData } from './node-data.ts';
import { NodeMeasurement } from './node-measurement.ts';

const stateSchema = z.strictObject({
  inputs: z.number().int().min(1),
  edgeInputs: z.number().int().min(0),
  classNames: z.array(z.string()),
});

interface NodeParts extends TaskParts {
  readonly model: NodeModel;
  readonly inputs: number;
  readonly edgeInputs: number;
  readonly classNames: readonly string[];
}

/**
 * Finds the classes of nodes from their features and neighbours, by attention over edges.
 *
 * Takes a graphology graph (node attributes `features`, `label`, `split`; other names: `readGraph`) or arrays. What it learned applies to other
 * graphs with features of the same width too; classes are told apart by their names.
 *
 * `fit` uses GAT's recipe: Adam with a learning rate of 0.005 and an L2 penalty of 0.0005, at most 1,000 epochs. Where there are validation nodes it
 * stops after 100 epochs in which neither their loss nor their accuracy reached a new best (ties count), and keeps the weights of the last in which both did.
 *
 * @example
 * ```ts
 * import { karateClub, NodeClassifier } from '@heed/graph';
 * const club = karateClub();
 * const classifier = new NodeClassifier({ architecture: 'gat', seed: 7 });
 * await classifier.fit(club, { epochs: 100 });
 * const { accuracy } = await classifier.evaluate(club);
 * await classifier.annotate(club); // `prediction` and `probability` on its nodes, `attention` on its edges
 * ```
 */
export class NodeClassifier extends Task<NodeClassifierConfig, NodeParts> {
  static readonly kind = { name: 'NodeClassifier', schema: nodeClassifierSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: NodeClassifierOptions = {}) {
    super(NodeClassifier.kind, config);
  }

  /**
   * Learns the classes of the training nodes; all other nodes and edges of the graph are seen, their labels are not. Again on a trained classifier,
   * it goes on with the same classes.
   *
   * @throws if the graph is not sound, or a node to learn from has no label or, at a second fit, an unknown class; if a checkpoint is of another run
   */
  async fit(source: NodeData | AbstractGraph, options: NodeFitOptions = {}): Promise<FitHistory> {
    const owner = 'NodeClassifier.fit';
    const data = asNodeData(source);
    checkNodeData(owner, data);
    const { train = labelledNodes(data), validation = new Int32Array() } = data.split ?? {};
    const { neighbours } = options;
    requireEdgeFeaturesRead(owner, this.config, widthsOf(data)[1]);
    checkSampling(owner, data, this.config.layers, options);
    const { seed } = this.config;
    labelledAs(owner, data, train);
    const resources: { dispose(): void }[] = [];
    try {
      return await this.train(
        { ...(validation.length > 0 && { patience: PATIENCE }), ...options },
        nodeRecipe,
        () => this.begin(data),
        ({ model, classNames }, { batchSize }) => {
          this.checkWidths('fit', data);
          const learned = labelledAs(owner, data, train, classNames);
          const validated = validation.length > 0 ? labelledAs(owner, data, validation, classNames) : undefined;
          const graph = graphTensors(data);
          resources.push(graph);
          const measurement = validated && new NodeMeasurement(model, graph, validated);
          if (measurement) resources.push(measurement);
          return {
            ...(neighbours === undefined
              ? wholeGraphBatches(model, graph, learned)
              : sampledBatches(model, data, learned, { batchSize, neighbours, seed })),
            identity: {
              neighbours: neighbours?.map(String),
              data: graphFingerprint([data], learned.nodes, learned.labels, validation),
            },
            evaluation: measurement && {
              run: () => measurement.run(),
              monitor: [
                { metric: 'loss', goal: 'min' },
                { metric: 'accuracy', goal: 'max' },
              ],
              ties: true,
            },
          };
        },
      );
    } finally {
      resources.forEach((resource) => resource.dispose());
    }
  }

  /**
   * The classes of all nodes of a graph, or of each of several graphs.
   *
   * @throws before `fit` or `load`, or if a graph is not sound or its features are of another width
   */
  predict(graph: GraphData | AbstractGraph, options?: NodePredictOptions): Promise<NodePredictions>;
  predict(graphs: readonly (GraphData | AbstractGraph)[], options?: NodePredictOptions): Promise<NodePredictions[]>;
  async predict(
    source: GraphData | AbstractGraph | readonly (GraphData | AbstractGraph)[],
    options: NodePredictOptions = {},
  ): Promise<NodePredictions | NodePredictions[]> {
    if (!isList(source)) return (await this.predict([source], options))[0];
    const { model, inputs, classNames } = this.require('predict');
    const graphs = source.map(asGraphData);
    for (const graph of graphs) this.checkWidths('predict', graph);
    return this.predictInBatches(
      'predict',
      graphs,
      {
        batch: ([graph]) => wholeGraphBatch(graph),
        forward: (batch) => {
          const { x, edges } = wholeGraphInputs(batch, inputs);
          const { result: logits, maps } = capture(() => model.forward(x, edges), { kind: 'edges' }); // [N, classes]
          const means = maps.map(({ weights }) => tf.mean(weights, 1)); // [E + N] each
          tf.dispose(maps.map(({ weights }) => weights));
          const attention = means.length === 0 ? tf.zeros(edges.sources.shape) : tf.div(tf.addN(means), means.length);
          return {
            probabilities: tf.expandDims(tf.softmax(logits)), // [1, N, classes]
            attention: tf.expandDims(attention), // [1, E + N]
          };
        },
        result: ({ probabilities, attention }, graph) => {
          const rows = Float32Array.from(probabilities.data);
          const width = classNames.length;
          const byEdge = new Float32Array(graph.sources.length);
          nonLoops(graph).forEach((edge, place) => (byEdge[edge] = attention.data[place]));
          return {
            classes: Int32Array.from({ length: graph.nodes }, (_, node) =>
              indexOfGreatest(rows.subarray(node * width, (node + 1) * width)),
            ),
            probabilities: rows,
            classNames,
            attention: byEdge,
          };
        },
      },
      { batchSize: 1, signal: options.signal },
    );
  }

  /**
   * Writes what is predicted onto the graph: `prediction` (the class's name) and `probability` on every node, `attention` on every edge;
   * an undirected edge gets the mean of its two directions.
   */
  async annotate(graph: AbstractGraph): Promise<NodePredictions> {
    const { nodeKeys, edgeKeys } = readGraph(graph, { label: undefined });
    const predictions = await this.predict(graph);
    const { classes, probabilities, classNames, attention } = predictions;
    nodeKeys.forEach((key, node) => {
      graph.mergeNodeAttributes(key, {
        prediction: classNames[classes[node]],
        probability: probabilities[node * classNames.length + classes[node]],
      });
    });
    writeEdgeMeans(graph, edgeKeys, 'attention', attention);
    return predictions;
  }

  /**
   * Which edges led to the prediction for one node. For a graphology graph the node is given by its key, both directions of an
   * undirected edge are deleted together, and the explanation is written onto its edges too: `attention`, `gradient`, `deletion`.
   *
   * @throws if there is no such node
   */
  async explain(source: GraphData | AbstractGraph, node: number | string): Promise<EdgeExplanation> {
    const { model } = this.require('explain');
    const depth = this.config.architecture === 'mlp' ? 0 : this.config.layers;
    if (!isGraphology(source)) {
      this.checkWidths('explain', source);
      return explainNode(model, source, Number(node), depth);
    }
    const { data, nodeKeys, edgeKeys } = readGraph(source, { label: undefined });
    this.checkWidths('explain', data);
    const explanation = await explainNode(model, data, nodeKeys.indexOf(String(node)), depth, edgeKeys);
    for (const name of ['attention', 'gradient', 'deletion'] as const) {
      writeEdgeMeans(source, edgeKeys, name, explanation[name]);
    }
    return explanation;
  }

  /**
   * Loss and accuracy on `nodes`; by default on the test nodes, or on all with a label where there is no split. Classes are compared by name.
   *
   * @throws if there is nothing to measure, or a class is none that was learned
   */
  async evaluate(source: NodeData | AbstractGraph, nodes?: Int32Array): Promise<NodeMeasures> {
    const owner = 'NodeClassifier.evaluate';
    const { classNames } = this.require('evaluate');
    const data = asNodeData(source);
    checkNodeData(owner, data);
    const { nodes: chosen, labels } = labelledAs(
      owner,
      data,
      nodes ?? data.split?.test ?? labelledNodes(data),
      classNames,
    );
    const { classes, probabilities } = await this.predict(data);
    let [loss, right] = [0, 0];
    chosen.forEach((node, place) => {
      loss -= Math.log(Math.max(probabilities[node * classNames.length + labels[place]], 1e-38));
      if (classes[node] === labels[place]) right++;
    });
    return { loss: loss / chosen.length, accuracy: right / chosen.length };
  }

  protected describe({ inputs, edgeInputs, classNames }: NodeParts) {
    return { state: { inputs, edgeInputs, classNames } };
  }

  protected restore({ state }: SavedFiles): NodeParts {
    return this.create(parseConfig('NodeClassifier.load', stateSchema, state));
  }

  private begin(data: NodeData): NodeParts {
    const [inputs, edgeInputs] = widthsOf(data);
    return this.create({ inputs, edgeInputs, classNames: classNamesOf('NodeClassifier.fit', data) });
  }

  private create(shape: Omit<NodeParts, 'model'>): NodeParts {
    const { inputs, edgeInputs, classNames } = shape;
    const widths = { inputs, outputs: classNames.length, edgeInputs };
    return { ...shape, model: createNodeModel(this.config, widths, this.config.seed) };
  }

  private checkWidths(method: string, data: GraphData): void {
    const owner = `NodeClassifier.${method}`;
    const { inputs, edgeInputs } = this.require(method);
    checkGraph(owner, data);
    const widths = widthsOf(data);
    if (widths[0] !== inputs) throw new Error(`${owner}: features must be ${inputs} wide as in fit, got ${widths[0]}`);
    if (widths[1] !== edgeInputs) {
      throw new Error(`${owner}: edge features must be ${edgeInputs} wide as in fit, got ${widths[1]}`);
    }
  }
}

/** Widths of the features of nodes and of edges. */
function widthsOf({ features, edgeFeatures }: GraphData): readonly [number, number] {
  return [features.shape[1], edgeFeatures?.shape[1] ?? 0];
}

function isList<T extends object>(source: T | readonly T[]): source is readonly T[] {
  return Array.isArray(source);
}

function indexOfGreatest(values: Float32Array): number {
  return values.reduce((best, value, index) => (value > values[best] ? index : best), 0);
}
