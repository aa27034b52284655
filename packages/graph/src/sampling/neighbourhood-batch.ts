import type { Batch, HostArray } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { Matrix } from '../graph/graph-data.ts';
import type { EdgeTensors } from '../layers/edge-tensors.ts';
import type { PaddedNeighbourhood } from './pad-neighbourhood.ts';

/** A neighbourhood as `train()` takes it: the nodes' features `x` [n, F], and of layer l `sources.l`, `targets.l`, `loops.l`. */
export type NeighbourhoodBatch = Batch & { readonly x: HostArray };

/** @param features of the whole graph [N, F]; padded nodes get zeros */
export function neighbourhoodBatch({ nodes, layers }: PaddedNeighbourhood, features: Matrix): NeighbourhoodBatch {
  const width = features.shape[1];
  const x = new Float32Array(nodes.length * width);
  nodes.forEach((node, row) => {
    if (node >= 0) x.set(features.data.subarray(node * width, (node + 1) * width), row * width);
  });
  const ends = layers.flatMap((layer, index) =>
    Object.entries(layer).map(([name, data]): [string, HostArray] => [
      `${name}.${index}`,
      { data, shape: [data.length] },
    ]),
  );
  return { x: { data: x, shape: [nodes.length, width] }, ...Object.fromEntries(ends) };
}

/** The edges of each layer, from the tensors of a `NeighbourhoodBatch`; made anew, so to be called inside of a tidy. */
export function neighbourhoodEdges(batch: Readonly<Record<string, tf.Tensor>>): EdgeTensors[] {
  const edges: EdgeTensors[] = [];
  for (let layer = 0; `loops.${layer}` in batch; layer++) {
    const loops = batch[`loops.${layer}`] as tf.Tensor1D;
    edges.push({
      sources: tf.concat([batch[`sources.${layer}`] as tf.Tensor1D, loops]),
      targets: tf.concat([batch[`targets.${layer}`] as tf.Tensor1D, loops]),
      targetNodes: loops.shape[0],
    });
  }
  return edges;
}
