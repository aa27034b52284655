import { Random, type RandomStream } from '@heed/attention-core';
import {
  type Batch,
  batchTensors,
  type BatchTensors,
  compile,
  crossEntropy,
  type Folder,
  parseConfig,
} from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { checkGraph, type GraphData, type NodeSplit } from '../graph/graph-data.ts';
import { padBatch } from '../graph/pad-batch.ts';
import { fitTask, type TaskFitOptions, type TaskHistory } from './fit-task.ts';
import { GraphModel, type GraphModelShape } from './graph-model.ts';
import { nodeModelFields, type NodeModelConfig } from './node-model.ts';
import { readTaskConfig, readTaskWeights, saveTask } from './task-files.ts';

export interface GraphClassifierConfig extends NodeModelConfig {
  /** Width of a node before pooling. Default 64. */
  readonly width?: number;
  /** Graphs in each step. Default 64. */
  readonly batch?: number;
  /** Decides the initial weights, the order of the graphs and all dropout. Default 0. */
  readonly seed?: number;
}

/** Graphs of known classes. Features of nodes are of one width in all of them, those of edges too. */
export interface GraphsData {
  readonly graphs: readonly GraphData[];
  /** The class of each graph, in [0, classNames.length). */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** Numbers of graphs. Default: all are learned from. */
  readonly split?: Partial<NodeSplit>;
}

export interface GraphMeasures extends Readonly<Record<string, number>> {
  readonly loss: number;
  readonly accuracy: number;
}

export interface GraphPredictions {
  /** [graphs] */
  readonly classes: Int32Array;
  /** [graphs, classes] */
  readonly probabilities: Float32Array;
  readonly classNames: readonly string[];
}

const positive = z.number().int().min(1);
const schema = z.strictObject({
  ...nodeModelFields,
  width: positive.default(64),
  batch: positive.default(64),
  seed: z.number().int().min(0).default(0),
});
const saved = z.strictObject({
  task: z.literal('graph-classifier'),
  config: schema,
  inputs: positive,
  edgeInputs: z.number().int().min(0),
  classNames: z.array(z.string()),
});

interface Fitted {
  readonly model: GraphModel;
  readonly inputs: number;
  readonly edgeInputs: number;
  readonly classNames: readonly string[];
}

/**
 * Finds the classes of whole graphs: attention over edges, then attention pooling over nodes.
 *
 * @example
 * ```ts
 * import { GraphClassifier, matrix, undirected } from '@heed/graph';
 * const path = (nodes: number) => ({
 *   nodes,
 *   features: matrix(Array.from({ length: nodes }, () => [1])),
 *   ...undirected({ sources: Int32Array.of(0, 1), targets: Int32Array.of(1, 2) }, nodes),
 * });
 * const classifier = new GraphClassifier({ seed: 7 });
 * const graphs = [path(3), path(4)];
 * await classifier.fit({ graphs, labels: Int32Array.of(0, 1), classNames: ['whole', 'broken'] }, { epochs: 50 });
 * const { classes } = await classifier.predict(graphs);
 * ```
 */
export class GraphClassifier {
  readonly config: z.infer<typeof schema>;
  private fitted: Fitted | undefined;

  /** @throws if a field of the config is unknown or out of range */
  constructor(config: GraphClassifierConfig = {}) {
    this.config = parseConfig('GraphClassifier', schema as z.ZodType<z.infer<typeof schema>>, config);
  }

  /**
   * Learns from the graphs of the training split. Called again, it begins anew.
   *
   * @throws if a graph is not sound, a label is out of range, or widths of features differ
   */
  async fit(data: GraphsData, options: TaskFitOptions = {}): Promise<TaskHistory<GraphMeasures>> {
    checkGraphs(data);
    const { train = Int32Array.from(data.graphs.keys()), validation = new Int32Array() } = data.split ?? {};
    if (train.length === 0) throw new Error('GraphClassifier.fit: at least one graph is needed, got none');
    this.dispose();
    const inputs = data.graphs[train[0]].features.shape[1];
    const edgeInputs = data.graphs[train[0]].edgeFeatures?.shape[1] ?? 0;
    const { classNames } = data;
    const { seed, batch } = this.config;
    const model = this.create({ inputs, edgeInputs, classNames });
    this.fitted = { model, inputs, edgeInputs, classNames };
    return fitTask(
      {
        model,
        loss: ({ labels, ...tensors }, { random }) =>
          crossEntropy(logitsOf(model, tensors, batch, random), labels, { ignoreIndex: -1 }),
        *data(epoch) {
          const order = new Random(seed).fork(`epoch ${epoch}`).shuffle([...train]);
          for (let first = 0; first < order.length; first += batch) {
            const chosen = order.slice(first, first + batch);
            const labels = new Int32Array(batch).fill(-1);
            chosen.forEach((graph, place) => (labels[place] = data.labels[graph]));
            const some = chosen.map((graph) => data.graphs[graph]);
            yield { ...graphBatch(some, batch, { inputs, edgeInputs }), labels: { data: labels, shape: [batch] } };
          }
        },
        seed,
        validate: validation.length === 0 ? undefined : () => this.evaluate(data, validation),
        score: 'accuracy',
      },
      options,
    );
  }

  /** The classes of graphs. @throws before `fit` or `load`, or if features are of another width */
  async predict(graphs: readonly GraphData[]): Promise<GraphPredictions> {
    const { model, inputs, edgeInputs, classNames } = this.requireFitted('predict');
    for (const graph of graphs) requireWidths('GraphClassifier.predict', graph, inputs, edgeInputs);
    const { batch } = this.config;
    const probabilities = new Float32Array(graphs.length * classNames.length);
    const run = compile((tensors: BatchTensors<Batch>) => tf.tidy(() => tf.softmax(logitsOf(model, tensors, batch))));
    try {
      for (let first = 0; first < graphs.length; first += batch) {
        const some = graphs.slice(first, first + batch);
        const tensors = batchTensors(graphBatch(some, batch, { inputs, edgeInputs }));
        const output = run(tensors);
        const values = await output.data();
        probabilities.set(values.subarray(0, some.length * classNames.length), first * classNames.length);
        tf.dispose([tensors, output]);
      }
    } finally {
      run.dispose();
    }
    const classes = Int32Array.from(graphs, (_, graph) => {
      const own = probabilities.subarray(graph * classNames.length, (graph + 1) * classNames.length);
      return own.indexOf(Math.max(...own));
    });
    return { classes, probabilities, classNames };
  }

  /** How well the classes of `chosen` graphs are found; by default of the test split, or of all where there is none. */
  async evaluate(data: GraphsData, chosen?: Int32Array): Promise<GraphMeasures> {
    checkGraphs(data);
    const numbers = chosen ?? data.split?.test ?? Int32Array.from(data.graphs.keys());
    if (numbers.length === 0) throw new Error('GraphClassifier.evaluate: at least one graph is needed, got none');
    const { classes, probabilities, classNames } = await this.predict(
      Array.from(numbers, (graph) => data.graphs[graph]),
    );
    let [loss, right] = [0, 0];
    numbers.forEach((graph, row) => {
      const label = data.labels[graph];
      loss -= Math.log(Math.max(probabilities[row * classNames.length + label], 1e-30));
      if (classes[row] === label) right++;
    });
    return { loss: loss / numbers.length, accuracy: right / numbers.length };
  }

  /** Writes `config.json` and `model.safetensors`. */
  async save(folder: Folder | string): Promise<void> {
    const { model, ...rest } = this.requireFitted('save');
    await saveTask(folder, { task: 'graph-classifier', config: this.config, ...rest }, model);
  }

  /** @throws if the folder holds no graph classifier, or weights of other shapes */
  static async load(folder: Folder | string): Promise<GraphClassifier> {
    const owner = 'GraphClassifier';
    const { config, ...rest } = await readTaskConfig(owner, folder, saved as z.ZodType<z.infer<typeof saved>>);
    const classifier = new GraphClassifier(config);
    const model = classifier.create(rest);
    classifier.fitted = { model, ...rest };
    await readTaskWeights(folder, model);
    return classifier;
  }

  /** Frees the model's weights. */
  dispose(): void {
    this.fitted?.model.dispose();
    this.fitted = undefined;
  }

  private create({ inputs, edgeInputs, classNames }: Omit<Fitted, 'model'>): GraphModel {
    const { seed, width, batch: _batch, ...config } = this.config;
    const shape: GraphModelShape = { inputs, edgeInputs, width, classes: classNames.length };
    return new GraphModel(config, shape, seed);
  }

  private requireFitted(method: string): Fitted {
    if (this.fitted === undefined) throw new Error(`GraphClassifier.${method}: fit or load must come first`);
    return this.fitted;
  }
}

type Widths = Pick<GraphModelShape, 'inputs' | 'edgeInputs'>;

/** Graphs as `train()` takes them. */
function graphBatch(graphs: readonly GraphData[], places: number, widths: Widths): Batch {
  const whole = graphs.map((graph) => withWidths(graph, widths));
  const { features, sources, targets, edgeFeatures, graphOf } = padBatch(whole, places);
  const list = (data: Int32Array) => ({ data, shape: [data.length] });
  return {
    x: features,
    sources: list(sources),
    targets: list(targets),
    graphOf: list(graphOf),
    ...(edgeFeatures && { edgeFeatures }),
  };
}

/** A graph without nodes or edges says nothing of the widths of their features. */
function withWidths(graph: GraphData, { inputs, edgeInputs }: Widths): GraphData {
  const none = (width: number) => ({ data: new Float32Array(), shape: [0, width] as const });
  const features = graph.nodes === 0 ? none(inputs) : graph.features;
  if (edgeInputs === 0) return { ...graph, features };
  return { ...graph, features, edgeFeatures: graph.edgeFeatures?.shape[0] ? graph.edgeFeatures : none(edgeInputs) };
}

/** [places, classes]; the graph of the padding is cut off. */
function logitsOf(
  model: GraphModel,
  tensors: Readonly<Record<string, tf.Tensor>>,
  places: number,
  random?: RandomStream,
): tf.Tensor {
  const { x, sources, targets, graphOf, edgeFeatures } = tensors;
  const edges = {
    sources: sources as tf.Tensor1D,
    targets: targets as tf.Tensor1D,
    targetNodes: x.shape[0],
    ...(edgeFeatures && { features: edgeFeatures as tf.Tensor2D }),
  };
  const owners = { graphOf: graphOf as tf.Tensor1D, graphs: places + 1 };
  return tf.slice(model.forward(x, edges, owners, { random }), [0, 0], [places, -1]);
}

function checkGraphs({ graphs, labels, classNames }: GraphsData): void {
  if (labels.length !== graphs.length) {
    throw new Error(`GraphClassifier: labels must have one entry per graph, got ${labels.length} for ${graphs.length}`);
  }
  graphs.forEach((graph, number) => {
    const { features, edgeFeatures } = graphs[0];
    requireWidths(`GraphClassifier: graph ${number}`, graph, features.shape[1], edgeFeatures?.shape[1] ?? 0);
    const label = labels[number];
    if (!(label >= 0 && label < classNames.length)) {
      throw new Error(`GraphClassifier: labels must be in [0, ${classNames.length}), got ${label} at graph ${number}`);
    }
  });
}

function requireWidths(owner: string, graph: GraphData, inputs: number, edgeInputs: number): void {
  checkGraph(owner, graph);
  const got = [graph.features.shape[1], graph.edgeFeatures?.shape[1] ?? 0];
  if (graph.nodes > 0 && got[0] !== inputs) {
    throw new Error(`${owner}: features must be ${inputs} wide, got ${got[0]}`);
  }
  if (graph.sources.length > 0 && got[1] !== edgeInputs) {
    throw new Error(`${owner}: edge features must be ${edgeInputs} wide, got ${got[1]}`);
  }
}
