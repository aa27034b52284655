import { Random } from '@heed/attention-core';
import { crossEntropy, type Batch, type Batches, type LossFunction } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { nonLoops } from '../graph/edge-lists.ts';
import { indexNeighbours } from '../sampling/neighbour-index.ts';
import { neighbourhoodBatch, neighbourhoodEdges } from '../sampling/neighbourhood-batch.ts';
import { padNeighbourhood } from '../sampling/pad-neighbourhood.ts';
import { sampleNeighbours } from '../sampling/sample-neighbours.ts';
import type { GraphTensors } from './graph-tensors.ts';
import type { NodeData } from './node-data.ts';
import type { NodeModel } from './node-model.ts';

/** How a graph is learned from that is too large for one step. */
export interface Sampling {
  /** Nodes in each step. */
  readonly batch: number;
  /** At most so many edges into each node, one number for each layer of the model, the last layer first. */
  readonly neighbours: readonly number[];
}

/** A loss function and the batches that it takes. */
export interface NodeBatches {
  readonly loss: LossFunction<Batch>;
  readonly data: (epoch: number) => Batches<Batch>;
}

/** All training nodes at once, seen in the whole graph. */
export function wholeGraphBatches(
  model: NodeModel,
  { x, edges }: GraphTensors,
  data: NodeData,
  nodes: Int32Array,
): NodeBatches {
  const shape = [nodes.length];
  const batch = {
    nodes: { data: nodes, shape },
    labels: { data: nodes.map((node) => data.labels[node]), shape },
  };
  return {
    loss: ({ nodes, labels }, { random }) =>
      crossEntropy(tf.gather(model.forward(x, edges, { random }), nodes as tf.Tensor1D), labels),
    data: () => [batch],
  };
}

/** Some training nodes at a time, in another order in each epoch, each seen among sampled neighbours. */
export function sampledBatches(
  model: NodeModel,
  data: NodeData,
  nodes: Int32Array,
  { batch, neighbours }: Sampling,
  seed: number,
): NodeBatches {
  if (data.edgeFeatures !== undefined)
    throw new Error('NodeClassifier.fit: sampling knows no edge features yet, got some');
  const kept = nonLoops(data);
  const ends = (list: Int32Array) => kept.map((edge) => list[edge]);
  const index = indexNeighbours({ sources: ends(data.sources), targets: ends(data.targets) }, data.nodes);
  return {
    loss: (tensors, { random }) => {
      const logits = model.forward(tensors.x, neighbourhoodEdges(tensors), { random }); // [padded, classes]
      const { labels } = tensors;
      return crossEntropy(tf.slice(logits, [0], [labels.size]), labels);
    },
    *data(epoch) {
      const random = new Random(seed).fork(`epoch ${epoch}`);
      const order = random.shuffle([...nodes]);
      for (let first = 0; first < order.length; first += batch) {
        const asked = Int32Array.from(order.slice(first, first + batch));
        const sampled = padNeighbourhood(sampleNeighbours(index, asked, neighbours, random));
        const labels = { data: asked.map((node) => data.labels[node]), shape: [asked.length] };
        yield { ...neighbourhoodBatch(sampled, data.features), labels };
      }
    },
  };
}
