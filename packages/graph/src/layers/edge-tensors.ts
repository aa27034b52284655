import * as tf from '@tensorflow/tfjs';
import { checkEdges, type EdgeList, type Matrix } from '../graph/graph-data.ts';

/** Edges on the device, as layers take them. */
export interface EdgeTensors {
  /** int32 [E]: rows of the layer's input. */
  readonly sources: tf.Tensor1D;
  /** int32 [E]: rows of the layer's output. */
  readonly targets: tf.Tensor1D;
  /** T: rows of the output. The targets are the first T nodes of the input; T = N but for sampled neighbourhoods. */
  readonly targetNodes: number;
  /** float32 [E, G] */
  readonly features?: tf.Tensor2D;
  /** float32 [E]: multiplies the edges' weights; its gradient tells how much each edge matters. Default 1. */
  readonly scale?: tf.Tensor1D;
}

export interface EdgeTensorOptions {
  /** Default: all nodes. */
  readonly targetNodes?: number;
  /** [E, G] */
  readonly features?: Matrix;
}

/**
 * Edges as tensors, which the caller disposes (`disposeEdges`).
 *
 * @throws if an edge names a node that is not there
 *
 * @example
 * ```ts
 * import { edgeTensors, withSelfLoops } from '@heed/graph';
 * const triangle = { sources: Int32Array.of(0, 1, 2), targets: Int32Array.of(1, 2, 0) };
 * const edges = edgeTensors(withSelfLoops(triangle, 3), 3);
 * edges.sources.shape; // [6]
 * ```
 */
export function edgeTensors(edges: EdgeList, nodes: number, options: EdgeTensorOptions = {}): EdgeTensors {
  const { targetNodes = nodes, features } = options;
  checkEdges('edgeTensors', edges, nodes);
  const beyond = edges.targets.findIndex((node) => node >= targetNodes);
  if (beyond !== -1) {
    throw new Error(
      `edgeTensors: every target must be in [0, ${targetNodes}), got ${edges.targets[beyond]} at edge ${beyond}`,
    );
  }
  return {
    sources: tf.tensor1d(edges.sources, 'int32'),
    targets: tf.tensor1d(edges.targets, 'int32'),
    targetNodes,
    ...(features === undefined ? {} : { features: tf.tensor2d(features.data, [...features.shape]) }),
  };
}

/** Frees what `edgeTensors` made. */
export function disposeEdges(edges: EdgeTensors): void {
  tf.dispose([edges.sources, edges.targets, ...(edges.features === undefined ? [] : [edges.features])]);
}

/** Edges for all layers alike, or a list with those of each layer, first layer first. */
export type LayerEdges = EdgeTensors | readonly EdgeTensors[];

/** The edges of one layer. @throws if the list is shorter than the model is deep */
export function edgesOf(edges: LayerEdges, layer: number): EdgeTensors {
  if ('targets' in edges) return edges;
  if (layer >= edges.length)
    throw new Error(`edgesOf: edges must be given for each layer, got ${edges.length} for layer ${layer}`);
  return edges[layer];
}
