import { capture } from '@heed/attention-core';
import { compile, type Compiled, crossEntropy, type Folder, parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { AbstractGraph } from 'graphology-types';
import { z } from 'zod';
import { checkGraph, type GraphData } from '../graph/graph-data.ts';
import { isGraphology, readGraph } from '../graph/graphology-graph.ts';
import { explainNode, type EdgeExplanation } from './explain-node.ts';
import { fitTask, type TaskFitOptions, type TaskHistory } from './fit-task.ts';
import { graphTensors, type GraphTensors } from './graph-tensors.ts';
import { sampledBatches, wholeGraphBatches, type Sampling } from './node-batches.ts';
import { asNodeData, checkedSplit, labelledNodes, requireLabels, type NodeData } from './node-data.ts';
import { createNodeModel, nodeModelFields, type NodeModel, type NodeModelConfig } from './node-model.ts';
import { readTaskConfig, readTaskWeights, saveTask } from './task-files.ts';

export interface NodeClassifierConfig extends NodeModelConfig {
  /** Decides the initial weights and all dropout. Default 0. */
  readonly seed?: number;
}

export interface NodeFitOptions extends TaskFitOptions {
  /** For graphs that are too large for one step: learn from some nodes at a time, among sampled neighbours. */
  readonly sampling?: Sampling;
}

export interface NodeMeasures extends Readonly<Record<string, number>> {
  readonly loss: number;
  readonly accuracy: number;
}

export interface NodePredictions {
  /** [N] */
  readonly classes: Int32Array;
  /** [N, classes], rows add up to 1. */
  readonly probabilities: Float32Array;
  readonly classNames: readonly string[];
  /** [E]: how much each edge's target attends to its source, as a mean over layers and heads. */
  readonly attention: Float32Array;
}

const schema = z.strictObject({ ...nodeModelFields, seed: z.number().int().min(0).default(0) });
const positive = z.number().int().min(1);
const saved = z.strictObject({
  task: z.literal('node-classifier'),
  config: schema,
  inputs: positive,
  edgeInputs: z.number().int().min(0),
  classNames: z.array(z.string()),
});

interface Fitted {
  readonly model: NodeModel;
  readonly inputs: number;
  readonly edgeInputs: number;
  readonly classNames: readonly string[];
}

/**
 * Finds the classes of nodes from their features and neighbours, by attention over edges.
 *
 * Takes a graphology graph (node attributes `features`, `label`, `split`; other names: `readGraph`) or arrays. What it learned
 * applies to other graphs with features of the same width too.
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
export class NodeClassifier {
  readonly config: z.infer<typeof schema>;
  private fitted: Fitted | undefined;

  /** @throws if a field of the config is unknown or out of range */
  constructor(config: NodeClassifierConfig = {}) {
    this.config = parseConfig('NodeClassifier', schema as z.ZodType<z.infer<typeof schema>>, config);
  }

  /** The model, once `fit` or `load` made it. */
  get model(): NodeModel {
    return this.requireFitted('model').model;
  }

  /**
   * Learns the classes of the training nodes; all other nodes and edges of the graph are seen, their labels are not. Called again, it
   * begins anew.
   *
   * @throws if the graph is not sound, or a node to learn from has no label
   */
  async fit(source: NodeData | AbstractGraph, options: NodeFitOptions = {}): Promise<TaskHistory<NodeMeasures>> {
    const data = asNodeData(source);
    const { train, validation } = checkedSplit('NodeClassifier.fit', data);
    const { sampling } = options;
    const { seed, layers } = this.config;
    if (sampling !== undefined && sampling.neighbours.length !== layers) {
      throw new Error(
        `NodeClassifier.fit: sampling.neighbours must have ${layers} numbers, got ${sampling.neighbours.length}`,
      );
    }
    const { model } = this.begin(data);
    const graph = graphTensors(data);
    const measurement = validation.length === 0 ? undefined : new Measurement(model, graph, data, validation);
    try {
      const batches =
        sampling === undefined
          ? wholeGraphBatches(model, graph, data, train)
          : sampledBatches(model, data, train, sampling, seed);
      const validate = measurement && (() => measurement.run());
      return await fitTask({ model, ...batches, seed, validate, score: 'accuracy' }, options);
    } finally {
      measurement?.dispose();
      graph.dispose();
    }
  }

  /** The classes of all nodes. @throws before `fit` or `load`, or if the graph's features are of another width */
  async predict(source: GraphData | AbstractGraph): Promise<NodePredictions> {
    const { model, classNames } = this.requireFitted('predict');
    const data = isGraphology(source) ? readGraph(source, { label: undefined }).data : source;
    this.checkWidth(data);
    const graph = graphTensors(data);
    const outputs = tf.tidy(() => {
      const { result: logits, maps } = capture(() => model.forward(graph.x, graph.edges), { kind: 'edges' }); // [N, classes]
      const means = maps.map(({ weights }) => tf.mean(weights, 1)); // [E + N] each
      tf.dispose(maps.map(({ weights }) => weights));
      return {
        classes: tf.argMax(logits, 1),
        probabilities: tf.softmax(logits),
        attention: means.length === 0 ? tf.zeros([graph.origins.length]) : tf.div(tf.addN(means), means.length),
      };
    });
    try {
      const { classes, probabilities, attention } = outputs;
      const values = await Promise.all([classes.data(), probabilities.data(), attention.data()]);
      const byEdge = new Float32Array(data.sources.length);
      graph.origins.forEach((edge, index) => (byEdge[edge] = values[2][index]));
      return {
        classes: Int32Array.from(values[0]),
        probabilities: Float32Array.from(values[1]),
        classNames,
        attention: byEdge,
      };
    } finally {
      tf.dispose(outputs);
      graph.dispose();
    }
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
    const { model } = this.requireFitted('explain');
    const depth = this.config.architecture === 'mlp' ? 0 : this.config.layers;
    if (!isGraphology(source)) {
      this.checkWidth(source);
      return explainNode(model, source, Number(node), depth);
    }
    const { data, nodeKeys, edgeKeys } = readGraph(source, { label: undefined });
    this.checkWidth(data);
    const explanation = await explainNode(model, data, nodeKeys.indexOf(String(node)), depth, edgeKeys);
    for (const name of ['attention', 'gradient', 'deletion'] as const) {
      writeEdgeMeans(source, edgeKeys, name, explanation[name]);
    }
    return explanation;
  }

  /**
   * How well the classes of `nodes` are found; by default of the test nodes, or of all with a label where there is no split.
   *
   * @throws if there is nothing to measure
   */
  async evaluate(source: NodeData | AbstractGraph, nodes?: Int32Array): Promise<NodeMeasures> {
    const { model } = this.requireFitted('evaluate');
    const data = asNodeData(source);
    this.checkWidth(data);
    const chosen = nodes ?? data.split?.test ?? labelledNodes(data);
    requireLabels('NodeClassifier.evaluate', data, chosen);
    const graph = graphTensors(data);
    const measurement = new Measurement(model, graph, data, chosen);
    try {
      return await measurement.run();
    } finally {
      measurement.dispose();
      graph.dispose();
    }
  }

  /** Writes `config.json` and `model.safetensors`. */
  async save(folder: Folder | string): Promise<void> {
    const { model, ...rest } = this.requireFitted('save');
    await saveTask(folder, { task: 'node-classifier', config: this.config, ...rest }, model);
  }

  /** @throws if the folder holds no node classifier, or weights of other shapes */
  static async load(folder: Folder | string): Promise<NodeClassifier> {
    const owner = 'NodeClassifier';
    const { config, ...rest } = await readTaskConfig(owner, folder, saved as z.ZodType<z.infer<typeof saved>>);
    const classifier = new NodeClassifier(config);
    classifier.fitted = { model: classifier.create(rest), ...rest };
    await readTaskWeights(folder, classifier.model);
    return classifier;
  }

  /** Frees the model's weights. */
  dispose(): void {
    this.fitted?.model.dispose();
    this.fitted = undefined;
  }

  private begin(data: NodeData): Fitted {
    this.dispose();
    const inputs = data.features.shape[1];
    const edgeInputs = data.edgeFeatures?.shape[1] ?? 0;
    const classNames = data.classNames ?? Array.from({ length: data.classes }, (_, index) => String(index));
    this.fitted = { model: this.create({ inputs, edgeInputs, classNames }), inputs, edgeInputs, classNames };
    return this.fitted;
  }

  private create({ inputs, edgeInputs, classNames }: Omit<Fitted, 'model'>): NodeModel {
    const { seed, ...config } = this.config;
    return createNodeModel(config, { inputs, outputs: classNames.length, edgeInputs }, seed);
  }

  private requireFitted(method: string): Fitted {
    if (this.fitted === undefined) throw new Error(`NodeClassifier.${method}: fit or load must come first`);
    return this.fitted;
  }

  private checkWidth(data: GraphData): void {
    checkGraph('NodeClassifier', data);
    const { inputs } = this.requireFitted('predict');
    if (data.features.shape[1] !== inputs) {
      throw new Error(`NodeClassifier: features must be ${inputs} wide as in fit, got ${data.features.shape[1]}`);
    }
  }
}

/** Several values for one key, those of the two directions, become their mean. */
function writeEdgeMeans(graph: AbstractGraph, keys: readonly string[], name: string, values: Float32Array): void {
  const sums = new Map<string, { sum: number; count: number }>();
  keys.forEach((key, edge) => {
    const { sum, count } = sums.get(key) ?? { sum: 0, count: 0 };
    sums.set(key, { sum: sum + values[edge], count: count + 1 });
  });
  for (const [key, { sum, count }] of sums) graph.setEdgeAttribute(key, name, sum / count);
}

/** Loss and accuracy on some nodes, as often as asked. */
class Measurement {
  private readonly chosen: tf.Tensor1D;
  private readonly labels: tf.Tensor1D;
  private readonly compiled: Compiled<[], tf.Tensor1D>;

  constructor(model: NodeModel, { x, edges }: GraphTensors, data: NodeData, nodes: Int32Array) {
    this.chosen = tf.tensor1d(nodes, 'int32');
    const labels = nodes.map((node) => data.labels[node]);
    this.labels = tf.tensor1d(labels, 'int32');
    this.compiled = compile(() =>
      tf.tidy(() => {
        const logits = tf.gather(model.forward(x, edges), this.chosen); // [chosen, classes]
        const right = tf.cast(tf.equal(tf.cast(tf.argMax(logits, 1), 'int32'), this.labels), 'float32');
        return tf.stack([crossEntropy(logits, this.labels), tf.mean(right)]) as tf.Tensor1D;
      }),
    );
  }

  async run(): Promise<NodeMeasures> {
    const both = this.compiled();
    const [loss, accuracy] = await both.data();
    both.dispose();
    return { loss, accuracy };
  }

  dispose(): void {
    this.compiled.dispose();
    tf.dispose([this.chosen, this.labels]);
  }
}
