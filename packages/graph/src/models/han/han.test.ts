import { Random } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { edgeTensors } from '../../layers/edge-tensors.ts';
import { createHan, type Han } from './han.ts';

const config = {
  inputs: [3, 2],
  relations: [{ source: 1, target: 0 }],
  target: 0,
  classes: 2,
  heads: 2,
  headWidth: 4,
  semanticWidth: 8,
  featureDropout: 0.5,
  attentionDropout: 0.5,
};

// Each paper has its own author. With one relation nothing is compared, so papers do not depend on one another.
const forward = (model: Han, papers: tf.Tensor, authors: tf.Tensor) => {
  const nodes = Int32Array.from({ length: papers.shape[0] }, (_, node) => node);
  return model.forward([papers, authors], [edgeTensors({ sources: nodes, targets: nodes }, nodes.length)]).logits;
};

describeModelContract('Han', {
  config,
  create: createHan,
  batch: () => ({
    papers: tf.tensor2d(new Random(1).normals(12), [4, 3]),
    authors: tf.tensor2d(new Random(2).normals(8), [4, 2]),
    labels: tf.tensor1d([0, 1, 1, 0], 'int32'),
  }),
  forward: (model, { papers, authors }) => tf.tidy(() => forward(model, papers, authors)),
  outputShape: [4, 2],
  overfit: { learningRate: 0.02 },
  loss: (model, { papers, authors, labels }) => tf.tidy(() => crossEntropy(forward(model, papers, authors), labels)),
  // one edge into each node, one relation: both have weight 1 whatever the scores are (PyTorch Geometric's goldens have several)
  withoutGradient: (name) => /Attention$|^layer\.semantic|^layer\.projections\.0/.test(name),
});

describe('createHan', () => {
  it('refuses to classify a kind to which no relation leads, and a relation between unknown kinds', () => {
    expect(() => createHan({ ...config, target: 1 }, 1)).toThrow('a relation must lead to the kind that is classified');
    expect(() => createHan({ ...config, relations: [{ source: 5, target: 0 }] }, 1)).toThrow(
      'HanLayer: relations must lead between 2 kinds, got 5 → 0',
    );
  });
});
