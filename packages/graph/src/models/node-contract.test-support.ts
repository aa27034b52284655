import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from '@heed/training';
import type { ModelContract } from '@heed/testing';
import { Random } from '@heed/attention-core';
import type { NodeModel } from './graph-model/graph-model.ts';
import { withSelfLoops } from '../graph/edge-lists.ts';
import { edgeTensors } from '../layers/edge-tensors.ts';

/** Graphs of one shape, side by side: what the model contract takes for the examples of a batch. */
interface GraphsOfOneShape extends tf.TensorContainerObject {
  /** [B, 4, 3] */
  x: tf.Tensor;
  /** int32 [B, 4] */
  labels: tf.Tensor;
}

const NODES = 4;
const ring = withSelfLoops({ sources: Int32Array.of(0, 1, 2, 3), targets: Int32Array.of(1, 2, 3, 0) }, NODES);

/** The contract of a model that gives two numbers for each node: every example is a ring of four nodes with three features each. */
export function nodeContract<Model extends NodeModel, Config>(
  config: Config,
  create: (config: Config, seed: number) => Model,
): ModelContract<Model, Config, GraphsOfOneShape> {
  const run = (model: Model, x: tf.Tensor): tf.Tensor => {
    const graphs = x.shape[0];
    const repeated = (ends: Int32Array) =>
      Int32Array.from(
        { length: graphs * ends.length },
        (_, i) => ends[i % ends.length] + NODES * Math.floor(i / ends.length),
      );
    const list = { sources: repeated(ring.sources), targets: repeated(ring.targets) };
    const y = model.forward(tf.reshape(x, [graphs * NODES, 3]), edgeTensors(list, graphs * NODES));
    return tf.reshape(y, [graphs, NODES, 2]);
  };
  return {
    config,
    create,
    batch: () => ({
      x: tf.tensor3d(new Random(3).normals(3 * NODES * 3), [3, NODES, 3]),
      labels: tf.tensor2d([0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0], [3, NODES], 'int32'),
    }),
    forward: (model, { x }) => tf.tidy(() => run(model, x)),
    outputShape: [3, NODES, 2],
    loss: (model, { x, labels }) => tf.tidy(() => crossEntropy(run(model, x), labels)),
  };
}
