/**
 * One training step after another on a graph of 200,000 nodes and 2,000,000 edges: GATv2 over sampled neighbours, so that a step's cost does
 * not depend on the size of the graph. Beside it, where `--python` names a Python that has PyTorch Geometric, the same steps there.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Random } from '@heed/attention-core';
import {
  createGatV2,
  indexNeighbours,
  neighbourhoodBatch,
  neighbourhoodEdges,
  padNeighbourhood,
  sampleNeighbours,
  type GatV2Config,
  type Matrix,
  type NeighbourIndex,
} from '@heed/graph';
import { defineExample } from '@heed/node';
import { Adam, crossEntropy, train } from '@heed/training';
import * as tf from '@tensorflow/tfjs';

export const SIZES = {
  nodes: 200_000,
  edges: 2_000_000,
  features: 100,
  classes: 40,
  batch: 1024,
  neighbours: [10, 10],
};

export const MODEL: GatV2Config = {
  inputs: SIZES.features,
  classes: SIZES.classes,
  layers: 2,
  heads: 4,
  headWidth: 32,
  outputHeads: 1,
  edgeInputs: 0,
  sharedWeights: false,
  featureDropout: 0,
  attentionDropout: 0,
};

export interface Measured {
  /** Medians, in milliseconds. `step` is forward, backward and Adam; `sample` makes the batch. */
  readonly step: number;
  readonly sample: number;
  /** Of the process, with the graph in memory. */
  readonly gigabytes: number;
}

interface LargeGraph {
  readonly index: NeighbourIndex;
  readonly features: Matrix;
  readonly labels: Int32Array;
}

/** Random edges; a node's label is the place of the greatest of its first features, so there is something to learn. */
export function makeLargeGraph(seed: number): LargeGraph {
  const { nodes, edges, features: width, classes } = SIZES;
  const random = new Random(seed);
  const ends = () => Int32Array.from(random.words(edges), (word) => word % nodes);
  const data = random.normals(nodes * width);
  const labels = Int32Array.from({ length: nodes }, (_, node) => {
    const own = data.subarray(node * width, node * width + classes);
    return own.indexOf(Math.max(...own));
  });
  return {
    index: indexNeighbours({ sources: ends(), targets: ends() }, nodes),
    features: { data, shape: [nodes, width] },
    labels,
  };
}

/** Trains for some steps and tells how long they took. */
export async function measureSteps(steps: number, signal?: AbortSignal): Promise<Measured> {
  const { index, features, labels } = makeLargeGraph(1);
  const model = createGatV2(MODEL, 1);
  const optimizer = new Adam(model.trainableParameters());
  const random = new Random(2);
  const [sampling, stepping]: [number[], number[]] = [[], []];
  const { batch, nodes, neighbours } = SIZES;

  const events = train({
    model,
    optimizer,
    loss: (tensors) => {
      const logits = model.forward(tensors.x, neighbourhoodEdges(tensors)); // [padded batch, classes]
      return crossEntropy(tf.slice(logits, [0], [batch]), tensors.labels);
    },
    *data() {
      for (let step = 0; step < steps; step++) {
        const begun = performance.now();
        const asked = new Set<number>();
        while (asked.size < batch) asked.add(random.integer(nodes));
        const sampled = sampleNeighbours(index, Int32Array.from(asked), neighbours, random);
        const inputs = neighbourhoodBatch(padNeighbourhood(sampled), features);
        sampling.push(performance.now() - begun);
        yield { ...inputs, labels: { data: Int32Array.from(asked, (node) => labels[node]), shape: [batch] } };
      }
    },
    learningRate: 0.001,
    steps,
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const event of events) if (event.type === 'step') stepping.push(event.milliseconds);
  const gigabytes = process.resourceUsage().maxRSS / 2 ** 20;
  model.dispose();
  optimizer.dispose();
  return { step: median(stepping), sample: median(sampling), gigabytes };
}

/** The same in PyTorch Geometric; its sampling is not timed. @throws if that Python does not have it */
export function measurePyg(python: string, steps: number): Pick<Measured, 'step' | 'gigabytes'> {
  const script = fileURLToPath(new URL('large-graph.py', import.meta.url));
  const output = execFileSync(
    python,
    [script, JSON.stringify({ ...SIZES, steps, heads: MODEL.heads, headWidth: MODEL.headWidth })],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  return JSON.parse(output) as Pick<Measured, 'step' | 'gigabytes'>;
}

/** The first steps record and warm up. */
function median(milliseconds: readonly number[]): number {
  const sorted = milliseconds.slice(Math.min(4, milliseconds.length - 1)).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

export default defineExample({
  summary: 'GATv2 steps on 200,000 nodes and 2,000,000 edges, by sampled neighbours.',
  minutes: { tensorflow: 0.5, wasm: 3 },
  options: {
    steps: { type: 'number', description: 'steps to measure', default: 20 },
    python: { type: 'string', description: 'a Python with torch_geometric, to measure beside' },
  },
  run: async ({ options, signal, quick, print }) => {
    const steps = quick ? 6 : options.steps;
    const { step, sample, gigabytes } = await measureSteps(steps, signal);
    print(
      `a step takes ${step.toFixed(0)} ms, its sampling ${sample.toFixed(0)} ms; ${gigabytes.toFixed(2)} GB in all`,
    );
    if (options.python === undefined) return;
    const pyg = measurePyg(options.python, steps);
    print(
      `PyTorch Geometric: ${pyg.step.toFixed(0)} ms a step, ours takes ${(step / pyg.step).toFixed(2)} times as long`,
    );
  },
});
