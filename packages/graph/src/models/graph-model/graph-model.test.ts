import { Random } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { withSelfLoops } from '../../graph/edge-lists.ts';
import { edgeTensors } from '../../layers/edge-tensors.ts';
import { createGatV2 } from '../gatv2/gatv2.ts';
import { GraphModel } from './graph-model.ts';

const NODES = 4;
const config = {
  nodes: {
    inputs: 3,
    classes: 8,
    layers: 1,
    heads: 1,
    headWidth: 8,
    outputHeads: 2,
    edgeInputs: 0,
    sharedWeights: false,
    featureDropout: 0.2,
    attentionDropout: 0.2,
  },
  width: 8,
  classes: 2,
};

/** Every example is a path of four nodes with three features each. */
function logits(model: GraphModel, x: tf.Tensor): tf.Tensor {
  const graphs = x.shape[0];
  const ends = (first: number) =>
    Int32Array.from({ length: 3 * graphs }, (_, i) => NODES * Math.floor(i / 3) + (i % 3) + first);
  const list = withSelfLoops({ sources: ends(0), targets: ends(1) }, graphs * NODES);
  const graphOf = tf.tensor1d(
    Int32Array.from({ length: graphs * NODES }, (_, node) => Math.floor(node / NODES)),
    'int32',
  );
  const edges = edgeTensors(list, graphs * NODES);
  return model.forward(tf.reshape(x, [graphs * NODES, 3]), edges, { graphOf, graphs });
}

describeModelContract('GraphModel', {
  config,
  create: ({ nodes, ...shape }: typeof config, seed: number) =>
    new GraphModel(createGatV2(nodes, seed), shape, new Random(seed).fork('pooling')),
  batch: () => ({
    x: tf.tensor3d(new Random(3).normals(3 * NODES * 3), [3, NODES, 3]) as tf.Tensor,
    labels: tf.tensor1d([0, 1, 1], 'int32') as tf.Tensor,
  }),
  forward: (model, { x }) => tf.tidy(() => logits(model, x)),
  outputShape: [3, 2],
  loss: (model, { x, labels }) => tf.tidy(() => crossEntropy(logits(model, x), labels)),
});
