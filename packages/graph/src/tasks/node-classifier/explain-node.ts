import { capture, Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { EdgeList, GraphData } from '../../graph/graph-data.ts';
import { selectRows } from '../../graph/split-nodes.ts';
import { indexNeighbours } from '../../sampling/neighbour-index.ts';
import { sampleNeighbours } from '../../sampling/sample-neighbours.ts';
import { graphTensors } from '../graph-tensors.ts';
import type { NodeModel } from '../../models/graph-model/graph-model.ts';

/** How much each edge has to do with the prediction for one node; 0 for edges that the model does not see from there. */
export interface EdgeExplanation {
  /** The class that is predicted, and its probability. */
  readonly predicted: number;
  readonly probability: number;
  /** [E]: how much the edge's target attends to its source, as a mean over layers and heads. */
  readonly attention: Float32Array;
  /** [E]: how fast the predicted class's logit grows with the edge's weights, times these weights; summed over layers and heads. */
  readonly gradient: Float32Array;
  /** [E]: by how much the class's probability falls when the edge is taken out. */
  readonly deletion: Float32Array;
}

/**
 * Explains one prediction on the part of the graph that the model sees from the node.
 *
 * @param depth layers of the model
 * @param groups [E]: edges of one name are deleted together. Default: each alone
 * @throws if there is no such node
 */
export async function explainNode(
  model: NodeModel,
  graph: GraphData,
  node: number,
  depth: number,
  groups?: readonly string[],
): Promise<EdgeExplanation> {
  if (!(Number.isInteger(node) && node >= 0 && node < graph.nodes)) {
    throw new Error(`explain: node must be one of the graph's ${graph.nodes} nodes, got ${node}`);
  }
  const part = seenFrom(graph, node, depth);
  const { logits, attention, gradient } = differentiate(model, part.graph);
  const probabilities = softmax(logits);
  const predicted = probabilities.indexOf(Math.max(...probabilities));
  const count = graph.sources.length;
  const nameOf = (edge: number) => groups?.[edge] ?? String(edge);
  const falls = new Map<string, number>();
  for (const [name, members] of groupBy(part.edges, nameOf)) {
    const logits = await logitsOfFirst(model, withoutEdges(part.graph, members));
    falls.set(name, probabilities[predicted] - softmax(logits)[predicted]);
  }
  const deletion = Float32Array.from({ length: count }, (_, edge) => falls.get(nameOf(edge)) ?? 0);
  const onWhole = (values: Float32Array) => {
    const out = new Float32Array(count);
    part.edges.forEach((edge, index) => (out[edge] = values[index]));
    return out;
  };
  return {
    predicted,
    probability: probabilities[predicted],
    attention: onWhole(attention),
    gradient: onWhole(gradient),
    deletion,
  };
}

interface Part {
  /** The node is its first. */
  readonly graph: GraphData;
  /** The whole graph's number of each edge. */
  readonly edges: Int32Array;
}

/** All nodes and edges that a model of so many layers sees from a node. */
function seenFrom(graph: GraphData, node: number, depth: number): Part {
  const index = indexNeighbours(graph, graph.nodes);
  const all = Array<number>(depth).fill(Infinity);
  const { nodes, layers } = sampleNeighbours(index, Int32Array.of(node), all, new Random(0));
  const { sources, targets, edges } = layers[0] ?? noEdges;
  return {
    graph: {
      nodes: nodes.length,
      features: selectRows(graph.features, nodes),
      sources,
      targets,
      ...(graph.edgeFeatures && { edgeFeatures: selectRows(graph.edgeFeatures, edges) }),
    },
    edges,
  };
}

const noEdges: EdgeList & { readonly edges: Int32Array } = {
  sources: new Int32Array(),
  targets: new Int32Array(),
  edges: new Int32Array(),
};

/** The first node's logits, and each edge's attention and gradient for the highest of them. */
function differentiate(model: NodeModel, graph: GraphData) {
  const tensors = graphTensors(graph);
  const count = graph.sources.length;
  const values = { attention: new Float32Array(count), gradient: new Float32Array(count) };
  const toEdges = (from: tf.Tensor, to: Float32Array) => {
    const numbers = from.dataSync();
    tensors.origins.forEach((edge, index) => (to[edge] = numbers[index]));
  };
  const logits = tf.tidy(() => {
    const scale = tf.ones([tensors.edges.sources.size]) as tf.Tensor1D;
    const { result, maps } = capture(() => model.forward(tensors.x, tensors.edges), { kind: 'edges' });
    const first = tf.slice(result, [0, 0], [1, -1]);
    if (maps.length > 0) {
      toEdges(tf.div(tf.addN(maps.map(({ weights }) => tf.mean(weights, 1))), maps.length), values.attention);
      const chosen = tf.oneHot(tf.argMax(first, 1) as tf.Tensor1D, result.shape[1]!);
      const highest = (scale: tf.Tensor) => {
        const y = model.forward(tensors.x, { ...tensors.edges, scale: scale as tf.Tensor1D });
        return tf.sum(tf.mul(tf.slice(y, [0, 0], [1, -1]), chosen));
      };
      toEdges(tf.grad(highest)(scale), values.gradient);
    }
    tf.dispose(maps.map(({ weights }) => weights));
    return Array.from(first.dataSync());
  });
  tensors.dispose();
  return { logits, ...values };
}

async function logitsOfFirst(model: NodeModel, graph: GraphData): Promise<number[]> {
  const tensors = graphTensors(graph);
  const first = tf.tidy(() => tf.slice(model.forward(tensors.x, tensors.edges), [0, 0], [1, -1]));
  const logits = Array.from(await first.data());
  first.dispose();
  tensors.dispose();
  return logits;
}

/** Places in the list by the name of what stands there. */
function groupBy(edges: Int32Array, nameOf: (edge: number) => string): Map<string, number[]> {
  const members = new Map<string, number[]>();
  edges.forEach((edge, place) => {
    const name = nameOf(edge);
    members.set(name, [...(members.get(name) ?? []), place]);
  });
  return members;
}

function withoutEdges(graph: GraphData, removed: readonly number[]): GraphData {
  const kept = Int32Array.from([...graph.sources.keys()].filter((edge) => !removed.includes(edge)));
  return {
    ...graph,
    sources: kept.map((edge) => graph.sources[edge]),
    targets: kept.map((edge) => graph.targets[edge]),
    ...(graph.edgeFeatures && { edgeFeatures: selectRows(graph.edgeFeatures, kept) }),
  };
}

function softmax(logits: readonly number[]): number[] {
  const highest = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - highest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
