import { batchTensors } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { publish } from '../../tasks/published-bert.test-support.ts';
import { BertEncoder } from './bert-encoder.ts';

it('embeds a text as the mean of its hidden states, of length 1', async () => {
  const encoder = await BertEncoder.open('test', await publish(), { otherwise: 'mean' });
  const batch = batchTensors(encoder.batch([encoder.read('a cat')], 4));
  const mean = tf.mean(encoder.bert.forward(batch).hiddenStates, 1);
  expect(encoder.embed(batch)).toBeAllClose(tf.div(mean, tf.norm(mean)));
  encoder.dispose();
});
