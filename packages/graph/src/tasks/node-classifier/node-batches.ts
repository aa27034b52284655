import { Random } from '@heed/attention-core';
import type { TrainingPlan } from '@heed/tasks';
import { crossEntropy, type Batch, type HostVector } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { nonLoops } from '../../graph/edge-lists.ts';
import type { GraphData } from '../../graph/graph-data.ts';
import type { NodeModel } from '../../models/graph-model/graph-model.ts';
import { indexNeighbours } from '../../sampling/neighbour-index.ts';
import { neighbourhoodBatch, neighbourhoodEdges } from '../../sampling/neighbourhood-batch.ts';
import { padNeighbourhood } from '../../sampling/pad-neighbourhood.ts';
import { requireNeighbourCounts, sampleNeighbours } from '../../sampling/sample-neighbours.ts';
import type { GraphTensors } from '../graph-tensors.ts';
import type { NodeFitOptions } from './node-classifier-config.ts';
import type { LabelledNodes } from './node-data.ts';

/** Nodes of a step and their classes; of sampled neighbourhoods, the tensors of `neighbourhoodBatch` too. */
export type NodeBatch = Batch & { readonly labels: HostVector };

/** A loss function and the batches that it takes. */
type NodeBatches<B extends NodeBatch> = Pick<TrainingPlan<B>, 'loss' | 'data'>;

/** All training nodes at once, seen in the whole graph. */
export function wholeGraphBatches(
  model: NodeModel,
  { x, edges }: GraphTensors,
  { nodes, labels }: LabelledNodes,
): NodeBatches<NodeBatch> {
  const shape = [nodes.length] as const;
  const chosen: HostVector = { data: nodes, shape };
  const batch = { nodes: chosen, labels: { data: labels, shape } };
  return {
    loss: ({ nodes, labels }, { random }) =>
      crossEntropy(tf.gather(model.forward(x, edges, { random }), nodes as tf.Tensor1D), labels),
    data: Object.assign(() => [batch], { perEpoch: 1 }),
  };
}

/** Some training nodes at a time, in another order in each epoch, each seen among sampled neighbours. */
export function sampledBatches(
  model: NodeModel,
  graph: GraphData,
  { nodes, labels }: LabelledNodes,
  { batchSize, neighbours, seed }: { batchSize: number; neighbours: readonly number[]; seed: number },
): NodeBatches<NodeBatch> {
  const kept = nonLoops(graph);
  const ends = (list: Int32Array) => kept.map((edge) => list[edge]);
  const index = indexNeighbours({ sources: ends(graph.sources), targets: ends(graph.targets) }, graph.nodes);
  const labelOf = new Map([...nodes].map((node, place) => [node, labels[place]]));
  return {
    loss: (tensors, { random }) => {
      const logits = model.forward(tensors.x, neighbourhoodEdges(tensors), { random }); // [padded, classes]
      return crossEntropy(tf.slice(logits, [0], [tensors.labels.size]), tensors.labels);
    },
    data: Object.assign(
      function* (epoch: number) {
        const random = new Random(seed).fork(`epoch ${epoch}`);
        const order = random.shuffle([...nodes]);
        for (let first = 0; first < order.length; first += batchSize) {
          const chosen = Int32Array.from(order.slice(first, first + batchSize));
          const sampled = padNeighbourhood(sampleNeighbours(index, chosen, neighbours, random));
          const data = chosen.map((node) => labelOf.get(node)!);
          yield { ...neighbourhoodBatch(sampled, graph.features), labels: { data, shape: [data.length] as const } };
        }
      },
      { perEpoch: Math.ceil(nodes.length / batchSize) },
    ),
  };
}

/** @throws if neighbours are given otherwise than the model's layers take them, or something is given that would be ignored */
export function checkSampling(
  owner: string,
  graph: GraphData,
  layers: number,
  { neighbours, batchSize }: NodeFitOptions,
): void {
  if (neighbours === undefined) {
    if (batchSize === undefined) return;
    throw new Error(
      `${owner}: batchSize must come with neighbours, got batchSize=${batchSize} alone: without, all nodes are learned from at once`,
    );
  }
  if (neighbours.length !== layers) {
    throw new Error(`${owner}: neighbours must have ${layers} numbers, one per layer, got ${neighbours.length}`);
  }
  requireNeighbourCounts(`${owner}: neighbours`, neighbours);
  if (graph.edgeFeatures !== undefined) {
    throw new Error(
      `${owner}: neighbours must come without edge features, got ${graph.edgeFeatures.shape[1]} of each edge`,
    );
  }
}
