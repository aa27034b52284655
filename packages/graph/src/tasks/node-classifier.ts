import { readSafetensors, writeSafetensors } from '@heed/attention-core';
import {
  Adam,
  compile,
  crossEntropy,
  openFolder,
  train,
  type Compiled,
  type Folder,
  type TrainingEvent,
} from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { AbstractGraph } from 'graphology-types';
import { z } from 'zod';
import { parseConfig } from '../configs/parse-config.ts';
import { checkGraph, checkLabels, type GraphData, type LabelledGraph, type NodeSplit } from '../graph/graph-data.ts';
import { isGraphology, readGraph } from '../graph/graphology-graph.ts';
import { createNodeModel, nodeModelFields, type NodeModel, type NodeModelConfig } from './node-model.ts';
import { graphTensors, type GraphTensors } from './graph-tensors.ts';
import { ValidationWatch, type Validation } from './validation-watch.ts';

export interface NodeClassifierConfig extends NodeModelConfig {
  /** Decides the initial weights and all dropout. Default 0. */
  readonly seed?: number;
}

/** What a classifier learns from. Without a split all nodes with a label are learned from. */
export interface NodeData extends LabelledGraph {
  readonly split?: Partial<NodeSplit>;
  /** Default: the numbers 0, 1, … */
  readonly classNames?: readonly string[];
}

export interface NodeFitOptions {
  /** Most passes over the graph. Default 1000. */
  readonly epochs?: number;
  /** Where there are validation nodes: stop after so many epochs without a new best (`ValidationWatch`). Default 100. */
  readonly patience?: number;
  /** Of Adam. Default 0.005. */
  readonly learningRate?: number;
  /** L2 penalty. Default 5e-4. */
  readonly weightDecay?: number;
  /** Ends the training after the current epoch; what was learned stays. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
}

export interface NodeFitHistory {
  readonly epochs: ReadonlyArray<{ readonly loss: number; readonly validation?: Validation }>;
  /** The epoch whose weights were kept, counted from 0. */
  readonly bestEpoch: number;
}

export interface NodePredictions {
  /** [N] */
  readonly classes: Int32Array;
  /** [N, classes], rows add up to 1. */
  readonly probabilities: Float32Array;
  readonly classNames: readonly string[];
}

const schema = z.strictObject({ ...nodeModelFields, seed: z.number().int().min(0).default(0) });

const saved = z.strictObject({
  task: z.literal('node-classifier'),
  config: schema,
  inputs: z.number().int().min(1),
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
 * import { NodeClassifier, karateClub } from '@heed/graph';
 * const classifier = new NodeClassifier({ architecture: 'gat', seed: 7 });
 * await classifier.fit(karateClub());
 * const { accuracy } = await classifier.evaluate(karateClub());
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
  async fit(source: NodeData | AbstractGraph, options: NodeFitOptions = {}): Promise<NodeFitHistory> {
    const data = asData(source);
    const split = checkedSplit(data);
    const { epochs = 1000, patience = 100, learningRate = 0.005, weightDecay = 5e-4, signal, onEvent } = options;
    const graph = graphTensors(data);
    const fitted = this.begin(data);
    const { model } = fitted;
    const watch = new ValidationWatch(patience);
    const validation = split.validation.length === 0 ? undefined : measure(model, graph, data, split.validation);
    const optimizer = new Adam(model.trainableParameters(), { weightDecay });
    const history: Array<{ loss: number; validation?: Validation }> = [];
    let best: { epoch: number; weights: Record<string, tf.Tensor> } | undefined;
    try {
      const events = train({
        model,
        optimizer,
        loss: ({ nodes, labels }, { random }) =>
          crossEntropy(tf.gather(model.forward(graph.x, graph.edges, { random }), nodes as tf.Tensor1D), labels),
        data: () => [
          {
            nodes: { data: split.train, shape: [split.train.length] },
            labels: { data: split.train.map((node) => data.labels[node]), shape: [split.train.length] },
          },
        ],
        learningRate,
        epochs,
        seed: this.config.seed,
        ...(signal === undefined ? {} : { signal }),
        ...(validation === undefined
          ? {}
          : { evaluation: { run: async () => ({ ...(await validation.run()) }), monitor: 'loss' } }),
      });
      for await (const event of events) {
        onEvent?.(event);
        if (event.type === 'step') history.push({ loss: event.loss });
        if (event.type !== 'evaluation') continue;
        const measured = event.metrics as unknown as Validation;
        history[history.length - 1] = { ...history[history.length - 1], validation: measured };
        if (watch.observe(measured)) {
          tf.dispose(best?.weights ?? []);
          best = { epoch: event.epoch, weights: copyWeights(model) };
        }
        if (watch.exhausted) {
          onEvent?.({ type: 'end', step: event.step, reason: 'stopped-early' });
          break;
        }
      }
      if (best !== undefined) model.loadStateDict(best.weights);
      return { epochs: history, bestEpoch: best?.epoch ?? history.length - 1 };
    } finally {
      tf.dispose(best?.weights ?? []);
      validation?.dispose();
      optimizer.dispose();
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
      const logits = model.forward(graph.x, graph.edges); // [N, classes]
      return { classes: tf.argMax(logits, 1), probabilities: tf.softmax(logits) };
    });
    try {
      const [classes, probabilities] = await Promise.all([outputs.classes.data(), outputs.probabilities.data()]);
      return { classes: Int32Array.from(classes), probabilities: Float32Array.from(probabilities), classNames };
    } finally {
      tf.dispose(outputs);
      graph.dispose();
    }
  }

  /**
   * How well the classes of `nodes` are found; by default of the test nodes, or of all with a label where there is no split.
   *
   * @throws if there is nothing to measure
   */
  async evaluate(source: NodeData | AbstractGraph, nodes?: Int32Array): Promise<Validation> {
    const { model } = this.requireFitted('evaluate');
    const data = asData(source);
    this.checkWidth(data);
    const chosen = nodes ?? data.split?.test ?? labelled(data);
    requireLabels('NodeClassifier.evaluate', data, chosen);
    const graph = graphTensors(data);
    const measurement = measure(model, graph, data, chosen);
    try {
      return await measurement.run();
    } finally {
      measurement.dispose();
      graph.dispose();
    }
  }

  /** Writes `config.json` and `model.safetensors`. */
  async save(folder: Folder | string): Promise<void> {
    const { model, inputs, edgeInputs, classNames } = this.requireFitted('save');
    const where = openFolder(folder);
    const description = { task: 'node-classifier', config: this.config, inputs, edgeInputs, classNames };
    await where.write('model.safetensors', await writeSafetensors(model.stateDict()));
    await where.write('config.json', new TextEncoder().encode(`${JSON.stringify(description, null, 2)}\n`));
  }

  /** @throws if the folder holds no node classifier, or weights of other shapes */
  static async load(folder: Folder | string): Promise<NodeClassifier> {
    const where = openFolder(folder);
    const text = new TextDecoder().decode(await where.read('config.json'));
    const { config, inputs, edgeInputs, classNames } = parseConfig(
      `NodeClassifier.load: config.json in ${where.label}`,
      saved as z.ZodType<z.infer<typeof saved>>,
      JSON.parse(text),
    );
    const classifier = new NodeClassifier(config);
    const { seed, ...modelConfig } = classifier.config;
    const model = createNodeModel(modelConfig, { inputs, outputs: classNames.length, edgeInputs }, seed);
    classifier.fitted = { model, inputs, edgeInputs, classNames };
    const weights = readSafetensors(await where.read('model.safetensors')).tensors();
    try {
      model.loadStateDict(weights);
    } finally {
      tf.dispose(weights);
    }
    return classifier;
  }

  /** Frees the model's weights. */
  dispose(): void {
    this.fitted?.model.dispose();
    this.fitted = undefined;
  }

  private begin(data: NodeData): Fitted {
    this.dispose();
    const { seed, ...modelConfig } = this.config;
    const inputs = data.features.shape[1];
    const edgeInputs = data.edgeFeatures?.shape[1] ?? 0;
    const model = createNodeModel(modelConfig, { inputs, outputs: data.classes, edgeInputs }, seed);
    const classNames = data.classNames ?? Array.from({ length: data.classes }, (_, index) => String(index));
    this.fitted = { model, inputs, edgeInputs, classNames };
    return this.fitted;
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

function asData(source: NodeData | AbstractGraph): NodeData {
  return isGraphology(source) ? readGraph(source).data : source;
}

function labelled({ labels }: NodeData): Int32Array {
  return Int32Array.from([...labels.keys()].filter((node) => labels[node] >= 0));
}

function checkedSplit(data: NodeData): { train: Int32Array; validation: Int32Array } {
  checkGraph('NodeClassifier.fit', data);
  checkLabels('NodeClassifier.fit', data.labels, data.classes, data.nodes);
  const { train = labelled(data), validation = new Int32Array() } = data.split ?? {};
  requireLabels('NodeClassifier.fit', data, train);
  if (validation.length > 0) requireLabels('NodeClassifier.fit', data, validation);
  return { train, validation };
}

function requireLabels(owner: string, { labels, nodes }: NodeData, chosen: Int32Array): void {
  if (chosen.length === 0) throw new Error(`${owner}: at least one node with a label is needed, got none`);
  for (const node of chosen) {
    if (!(node >= 0 && node < nodes))
      throw new Error(`${owner}: the split must name nodes in [0, ${nodes}), got ${node}`);
    if (labels[node] < 0) throw new Error(`${owner}: node ${node} of the split must have a label, got none`);
  }
}

interface Measurement {
  run(): Promise<Validation>;
  dispose(): void;
}

/** Loss and accuracy on some nodes, as often as asked. */
function measure(model: NodeModel, { x, edges }: GraphTensors, data: NodeData, nodes: Int32Array): Measurement {
  const chosen = tf.tensor1d(nodes, 'int32');
  const labels = tf.tensor1d(
    nodes.map((node) => data.labels[node]),
    'int32',
  );
  const compiled: Compiled<[], tf.Tensor1D> = compile(() =>
    tf.tidy(() => {
      const logits = tf.gather(model.forward(x, edges), chosen); // [chosen, classes]
      const right = tf.cast(tf.equal(tf.cast(tf.argMax(logits, 1), 'int32'), labels), 'float32');
      return tf.stack([crossEntropy(logits, labels), tf.mean(right)]) as tf.Tensor1D;
    }),
  );
  tf.dispose(tf.tidy(() => model.forward(x, edges)));
  return {
    async run() {
      const both = compiled();
      const [loss, accuracy] = await both.data();
      both.dispose();
      return { loss, accuracy };
    },
    dispose: () => {
      compiled.dispose();
      tf.dispose([chosen, labels]);
    },
  };
}

function copyWeights(model: NodeModel): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(model.stateDict()).map(([name, variable]) => [name, tf.tidy(() => tf.add(variable, 0))]),
  );
}
