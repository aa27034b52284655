import { Random } from '@heed/attention-core';
import { labelIndices, Task, type FitHistory, type FitOptions, type SavedFiles, type TaskParts } from '@heed/tasks';
import { crossEntropy, dataLoader, parseConfig, type HostVector } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { GraphData } from '../../graph/graph-data.ts';
import { graphFingerprint } from '../../graph/graph-fingerprint.ts';
import { GraphModel } from '../../models/graph-model/graph-model.ts';
import { requireDifferent } from '../class-names.ts';
import { PATIENCE } from '../gat-recipe.ts';
import { createNodeModel, requireEdgeFeaturesRead } from '../node-architecture.ts';
import {
  graphsBatch,
  logitsOf,
  requireWidths,
  widthsOf,
  type FeatureWidths,
  type GraphsBatch,
} from './graph-batches.ts';
import {
  graphClassifierSchema,
  graphRecipe,
  type GraphClassifierConfig,
  type GraphClassifierOptions,
  type GraphMeasures,
  type GraphPrediction,
  type GraphPredictOptions,
  type GraphsData,
} from './graph-classifier-config.ts';

const stateSchema = z.strictObject({
  inputs: z.number().int().min(1),
  edgeInputs: z.number().int().min(0),
  classNames: z.array(z.string()),
});

interface GraphParts extends TaskParts, FeatureWidths {
  readonly model: GraphModel;
  readonly classNames: readonly string[];
}

/**
 * Finds the classes of whole graphs: attention over edges, then attention pooling over nodes.
 *
 * `fit` uses Adam with a learning rate of 0.005 and an L2 penalty of 0.0005, batches of 64 graphs, at most 1,000 epochs. Where there are validation
 * graphs it stops after 100 epochs in which neither their loss nor their accuracy reached a new best (ties count), and keeps the weights of the last in
 * which both did.
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
 * const { label, probability } = await classifier.predict(graphs[0]);
 * ```
 */
export class GraphClassifier extends Task<GraphClassifierConfig, GraphParts> {
  static readonly kind = { name: 'GraphClassifier', schema: graphClassifierSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: GraphClassifierOptions = {}) {
    super(GraphClassifier.kind, config);
  }

  /**
   * Learns from the graphs of the training split; again on a trained classifier, it goes on with the same classes.
   *
   * @throws if a graph is not sound, a label is out of range or, at a second fit, of an unknown class, or widths of features differ; if a checkpoint is
   * of another run
   */
  async fit(data: GraphsData, options: FitOptions = {}): Promise<FitHistory> {
    const owner = 'GraphClassifier.fit';
    const widths = this.trained ? this.require('fit') : widthsOf(owner, data.graphs);
    requireEdgeFeaturesRead(owner, this.config, widths.edgeInputs);
    checkGraphs(owner, data, widths);
    const { train = Int32Array.from(data.graphs.keys()), validation = new Int32Array() } = data.split ?? {};
    requireGraphs(owner, data, train);
    if (validation.length > 0) requireGraphs(owner, data, validation);
    return this.train<GraphsBatch & { readonly labels: HostVector }>(
      { ...(validation.length > 0 && { patience: PATIENCE }), ...options },
      graphRecipe,
      () => this.create({ inputs: widths.inputs, edgeInputs: widths.edgeInputs, classNames: data.classNames }),
      ({ model, inputs, edgeInputs, classNames }, { batchSize }) => {
        const learned = labelsAs(owner, data, train, classNames);
        if (validation.length > 0) labelsAs(owner, data, validation, classNames);
        return {
          loss: (batch, { random }) => crossEntropy(logitsOf(model, batch, random), batch.labels, { ignoreIndex: -1 }),
          data: dataLoader({
            examples: train.length,
            batchSize,
            seed: this.config.seed,
            make: (members) => {
              const labels = new Int32Array(batchSize).fill(-1);
              members.forEach((member, place) => (labels[place] = learned[member]));
              const chosen = members.map((member) => data.graphs[train[member]]);
              const batch = graphsBatch(chosen, batchSize, { inputs, edgeInputs });
              return { ...batch, labels: { data: labels, shape: [batchSize] as const } };
            },
          }),
          identity: { data: graphFingerprint(data.graphs, train, learned, validation) },
          evaluation:
            validation.length === 0
              ? undefined
              : {
                  run: () => this.evaluate(data, validation),
                  monitor: [
                    { metric: 'loss', goal: 'min' },
                    { metric: 'accuracy', goal: 'max' },
                  ],
                  ties: true,
                },
        };
      },
    );
  }

  /**
   * The class of a graph, or of several.
   *
   * @throws before `fit` or `load`, or if a graph is not sound or its features are of another width
   */
  predict(graph: GraphData, options?: GraphPredictOptions): Promise<GraphPrediction>;
  predict(graphs: readonly GraphData[], options?: GraphPredictOptions): Promise<GraphPrediction[]>;
  async predict(
    input: GraphData | readonly GraphData[],
    options: GraphPredictOptions = {},
  ): Promise<GraphPrediction | GraphPrediction[]> {
    if ('nodes' in input) return (await this.predict([input], options))[0];
    const { model, inputs, edgeInputs, classNames } = this.require('predict');
    input.forEach((graph, number) =>
      requireWidths(`GraphClassifier.predict: graph ${number}`, graph, { inputs, edgeInputs }),
    );
    const { batchSize = graphRecipe.batchSize, signal } = options;
    return this.predictInBatches(
      'predict',
      input,
      {
        size: ({ nodes }) => nodes,
        batch: (graphs) => graphsBatch(graphs, graphs.length, { inputs, edgeInputs }),
        forward: (batch) => ({ probabilities: tf.softmax(logitsOf(model, batch)) }), // [places, classes]
        result: ({ probabilities: { data } }) => {
          const best = data.indexOf(Math.max(...data));
          return {
            label: classNames[best],
            probability: data[best],
            probabilities: Object.fromEntries(classNames.map((name, i) => [name, data[i]])),
          };
        },
      },
      { batchSize, signal },
    );
  }

  /**
   * Loss and accuracy on `chosen` graphs; by default on the test split, or on all where there is none. Classes are compared by name.
   *
   * @throws if there is nothing to measure, or a class is none that was learned
   */
  async evaluate(data: GraphsData, chosen?: Int32Array, options: GraphPredictOptions = {}): Promise<GraphMeasures> {
    const owner = 'GraphClassifier.evaluate';
    const { classNames, ...widths } = this.require('evaluate');
    checkGraphs(owner, data, widths);
    const numbers = chosen ?? data.split?.test ?? Int32Array.from(data.graphs.keys());
    requireGraphs(owner, data, numbers);
    labelsAs(owner, data, numbers, classNames);
    const predictions = await this.predict(
      Array.from(numbers, (graph) => data.graphs[graph]),
      options,
    );
    let [loss, right] = [0, 0];
    predictions.forEach(({ label, probabilities }, row) => {
      const expected = data.classNames[data.labels[numbers[row]]];
      loss -= Math.log(Math.max(probabilities[expected], 1e-38));
      if (label === expected) right++;
    });
    return { loss: loss / numbers.length, accuracy: right / numbers.length };
  }

  protected describe({ inputs, edgeInputs, classNames }: GraphParts) {
    return { state: { inputs, edgeInputs, classNames } };
  }

  protected restore({ state }: SavedFiles): GraphParts {
    return this.create(parseConfig('GraphClassifier.load', stateSchema, state));
  }

  private create(shape: Omit<GraphParts, 'model'>): GraphParts {
    const { seed, width } = this.config;
    const { inputs, edgeInputs, classNames } = shape;
    const nodes = createNodeModel(this.config, { inputs, edgeInputs, outputs: width }, seed);
    const model = new GraphModel(nodes, { width, classes: classNames.length }, new Random(seed).fork('pooling'));
    return { ...shape, model };
  }
}

/** Places of the chosen graphs' classes among those of a model, by name. */
function labelsAs(owner: string, { labels, classNames }: GraphsData, chosen: Int32Array, known: readonly string[]) {
  return labelIndices(
    owner,
    known,
    Array.from(chosen, (graph) => classNames[labels[graph]]),
  );
}

function checkGraphs(owner: string, { graphs, labels, classNames }: GraphsData, widths: FeatureWidths): void {
  if (labels.length !== graphs.length) {
    throw new Error(`${owner}: labels must have one entry per graph, got ${labels.length} for ${graphs.length}`);
  }
  requireDifferent(owner, classNames);
  graphs.forEach((graph, number) => {
    requireWidths(`${owner}: graph ${number}`, graph, widths);
    const label = labels[number];
    if (!(label >= 0 && label < classNames.length)) {
      throw new Error(`${owner}: labels must be in [0, ${classNames.length}), got ${label} at graph ${number}`);
    }
  });
}

/** @throws unless there is a graph to choose, and each is there */
function requireGraphs(owner: string, { graphs }: GraphsData, chosen: Int32Array): void {
  if (chosen.length === 0) throw new Error(`${owner}: at least one graph is needed, got none`);
  const wrong = chosen.find((graph) => !(graph >= 0 && graph < graphs.length));
  if (wrong !== undefined)
    throw new Error(`${owner}: the split must name graphs in [0, ${graphs.length}), got ${wrong}`);
}
