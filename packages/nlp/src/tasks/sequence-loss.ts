import type { SequenceModel } from '@heed/tasks';
import { batchTensors, countedPositions, crossEntropy, type LossFunction } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { IGNORED, sequenceBatches, type IndexedPair, type PairBatch } from '../preprocessing/sequence-batches.ts';

/** Teacher forcing: the cross-entropy of every symbol given the right ones before it. */
export function sequenceLoss(model: SequenceModel, labelSmoothing: number): LossFunction<PairBatch> {
  return ({ targets, ...batch }, { random }) => ({
    loss: crossEntropy(model.forward(batch, { random }), targets, { labelSmoothing, ignoreIndex: IGNORED }),
    weight: countedPositions(targets, IGNORED),
  });
}

/** Mean negative log-likelihood of a symbol, the end included, and its exponential. */
export async function measureSequenceLoss(
  model: SequenceModel,
  pairs: readonly IndexedPair[],
  boundaries: { readonly start: number; readonly end: number },
): Promise<{ loss: number; perplexity: number }> {
  let [sum, symbols] = [0, 0];
  for (const batch of sequenceBatches(pairs, { batchSize: 64, seed: 0, ...boundaries })(0)) {
    const tensors = batchTensors(batch);
    const loss = tf.tidy(() => crossEntropy(model.forward(tensors), tensors.targets, { ignoreIndex: IGNORED }));
    const counted = batch.targets.data.filter((label) => label !== IGNORED).length;
    sum += (await loss.data())[0] * counted;
    symbols += counted;
    tf.dispose([loss, tensors]);
  }
  return { loss: sum / symbols, perplexity: Math.exp(sum / symbols) };
}
