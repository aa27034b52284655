/**
 * The problem that GAT cannot solve and GATv2 can (Brody, Alon & Yahav 2022): look up a key in a dictionary.
 *
 * In GAT all nodes rank their neighbours alike, so every query attends to the same key; in GATv2 each attends to its own.
 */
import { capture, Embedding, Linear, Module, Random } from '@heed/attention-core';
import { dictionaryLookup, disposeEdges, edgeTensors, GatLayer, GatV2Layer, type EdgeTensors } from '@heed/graph';
import { defineExample, progressBar } from '@heed/node';
import { Adam, crossEntropy, train } from '@heed/training';
import * as tf from '@tensorflow/tfjs';

export interface LookupOptions {
  readonly layer: 'gat' | 'gatv2';
  /** K: keys, values and queries of a dictionary. */
  readonly keys: number;
  readonly heads: number;
  readonly steps: number;
  readonly seed: number;
  /** Where checkpoints are saved. Default: nowhere. */
  readonly checkpoints?: string;
  readonly signal?: AbortSignal;
}

export interface LookupResult {
  /** Share of queries in 1,000 new dictionaries whose value is found. */
  readonly accuracy: number;
  /** [queries, keys] of the first new dictionary, heads averaged. */
  readonly attention: number[][];
}

const WIDTH = 64;
const DICTIONARIES_PER_STEP = 64;

/** Embeddings → one attention layer → value. */
class Lookup extends Module {
  readonly attributes: Embedding;
  readonly values: Embedding;
  readonly layer: GatLayer | GatV2Layer;
  readonly output: Linear;

  constructor({ layer, keys, heads, seed }: LookupOptions) {
    super();
    const random = new Random(seed);
    const shape = { inputs: WIDTH, headWidth: WIDTH / heads, heads, random };
    this.attributes = new Embedding({ size: keys, width: WIDTH, random });
    this.values = new Embedding({ size: keys + 1, width: WIDTH, random });
    this.layer = layer === 'gat' ? new GatLayer(shape) : new GatV2Layer(shape);
    this.output = new Linear({ inputs: WIDTH, outputs: keys, random });
  }

  forward(attributes: tf.Tensor, values: tf.Tensor, edges: EdgeTensors): tf.Tensor {
    const x = tf.add(this.attributes.forward(attributes), this.values.forward(values)); // [N, WIDTH]
    return this.output.forward(this.layer.forward(x, edges)); // [N, keys]
  }
}

/** Trains a single layer on random dictionaries and tests it on 1,000 others. Undefined when aborted. */
export async function learnLookup(options: LookupOptions): Promise<LookupResult | undefined> {
  const { layer, keys, steps, seed, checkpoints, signal } = options;
  const model = new Lookup(options);
  const optimizer = new Adam(model.trainableParameters());
  const make = (graphs: number, seed: number) => dictionaryLookup({ keys, graphs, seed });
  const sample = make(DICTIONARIES_PER_STEP, 0);
  const edges = edgeTensors(sample.edges, sample.nodes);
  const shape = [sample.nodes];
  const random = new Random(seed).fork('dictionaries');

  const events = train({
    model,
    optimizer,
    loss: ({ attributes, values, labels }) =>
      crossEntropy(model.forward(attributes, values, edges), labels, { ignoreIndex: -1 }),
    *data() {
      for (let step = 0; step < steps; step++) {
        const { attributes, values, labels } = make(DICTIONARIES_PER_STEP, random.integer(2 ** 30));
        yield {
          attributes: { data: attributes, shape },
          values: { data: values, shape },
          labels: { data: labels, shape },
        };
      }
    },
    learningRate: (step) => 0.01 * Math.min(1, (2 * (steps - step)) / steps),
    steps,
    seed,
    ...(checkpoints === undefined ? {} : { checkpoints: { folder: checkpoints, everySteps: 200 } }),
    ...(signal === undefined ? {} : { signal }),
  });
  const show = progressBar({ label: layer });
  let aborted = false;
  for await (const event of events) {
    show(event);
    if (event.type === 'end') aborted = event.reason === 'aborted';
  }

  tf.engine().startScope();
  const result = aborted ? undefined : measure(model, make(1000, 2 ** 31 + seed), keys);
  tf.engine().endScope();
  model.dispose();
  optimizer.dispose();
  disposeEdges(edges);
  return result;
}

function measure(model: Lookup, test: ReturnType<typeof dictionaryLookup>, keys: number): LookupResult {
  const [attributes, values] = [tf.tensor1d(test.attributes, 'int32'), tf.tensor1d(test.values, 'int32')];
  const edges = edgeTensors(test.edges, test.nodes);
  const { result, maps } = capture(() => model.forward(attributes, values, edges), { kind: 'edges' });
  const found = tf.argMax(result, 1).dataSync();
  const queries = [...test.labels.keys()].filter((node) => test.labels[node] >= 0);
  const right = queries.filter((node) => found[node] === test.labels[node]).length;
  const byKey = tf.reshape(tf.mean(tf.slice(maps[0].weights, [0, 0], [keys * keys, -1]), 1), [keys, keys]);
  const attention = tf.transpose(byKey).arraySync() as number[][];
  tf.dispose(maps.map((map) => map.weights));
  return { accuracy: right / queries.length, attention };
}

export default defineExample({
  summary: 'Dictionary lookup: what GATv2 can attend to and GAT cannot.',
  minutes: { tensorflow: 1, wasm: 4 },
  options: {
    keys: { type: 'number', description: 'size of the dictionaries', default: 10 },
    steps: { type: 'number', description: 'updates of each model', default: 1000 },
    seed: { type: 'number', description: 'seed of weights and dictionaries', default: 1 },
  },
  run: async ({ options, signal, quick, folder, print }) => {
    const { keys, seed } = options;
    const steps = quick ? 30 : options.steps;
    for (const layer of ['gat', 'gatv2'] as const) {
      const checkpoints = `${folder}/checkpoints/${layer}-${keys}-keys-${steps}-steps-seed-${seed}`;
      const result = await learnLookup({ layer, keys, heads: 1, steps, seed, checkpoints, signal });
      if (result === undefined) return;
      const { accuracy, attention } = result;
      print(`${layer}: ${(100 * accuracy).toFixed(1)} % found; attention of each query (row) to the keys (columns):`);
      for (const row of attention)
        print(`  ${row.map((weight) => ' ░▒▓█'[Math.round(4 * weight)].repeat(2)).join('')}`);
    }
  },
});
