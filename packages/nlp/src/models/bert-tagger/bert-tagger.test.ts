import { Random } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { createBert, type BertConfig } from '../bert/bert.ts';
import { tinyBertConfig } from '../bert/tiny-bert.test-support.ts';
import { BertTagger } from './bert-tagger.ts';

// texts of five and three tokens
const makeBatch = (padding = 0) => ({
  tokens: tf.tensor2d([2, 5, 6, 7, 3, 2, 8, 3, padding, padding], [2, 5], 'int32'),
  lengths: tf.tensor1d([5, 3], 'int32'),
  labels: tf.tensor2d([-100, 0, 1, 2, -100, -100, 1, -100, -100, -100], [2, 5], 'int32'),
});

describeModelContract('BertTagger', {
  config: tinyBertConfig({ vocabularySize: 10, maximumLength: 6 }),
  create: (config: BertConfig, seed) => new BertTagger(createBert(config, seed), 3, 0.1, new Random(seed).fork('head')),
  batch: () => makeBatch(),
  forward: (model, batch) => model.forward(batch),
  outputShape: [2, 5, 3],
  loss: (model, batch) => model.loss(batch),
  masked: {
    change: () => makeBatch(9),
    outputs: (output) => tf.concat([tf.slice(output, [0, 0, 0], [1, 5, 3]), tf.slice(output, [1, 0, 0], [1, 3, 3])], 1),
  },
  withoutGradient: (name) => name.startsWith('bert.pooler'),
});
