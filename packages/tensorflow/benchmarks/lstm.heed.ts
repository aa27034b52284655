/** An LSTM that predicts the next letter, from Heed's layers, one training step. */
import { Embedding, Linear, LstmCell, Module, Random, RecurrentLayer } from '@heed/attention-core';
import { sameIntegers } from '@heed/bench/same-values';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { trainingStep } from './heed-step.ts';

interface Case {
  readonly vocabulary: number;
  readonly inputs: number;
  readonly width: number;
  readonly batch: number;
  readonly steps: number;
}

class LetterModel extends Module {
  readonly letters: Embedding;
  readonly layer: RecurrentLayer;
  readonly head: Linear;

  constructor({ vocabulary, inputs, width }: Case) {
    super();
    const random = new Random(7);
    this.letters = new Embedding({ size: vocabulary, width: inputs, random });
    this.layer = new RecurrentLayer(new LstmCell({ inputs, hiddenWidth: width, random }));
    this.head = new Linear({ inputs: width, outputs: vocabulary, random });
  }

  /** @param ids int32 [B, T] @returns [B, T, V] */
  forward(ids: tf.Tensor2D): tf.Tensor {
    return this.head.forward(this.layer.forward(this.letters.forward(ids) as tf.Tensor3D).outputs);
  }
}

export function prepare(given: Case): () => tf.Scalar {
  const { vocabulary, batch, steps } = given;
  const model = new LetterModel(given);
  const ids = (name: string) => tf.tensor2d(sameIntegers(name, [batch, steps], vocabulary), [batch, steps], 'int32');
  return trainingStep(model, ({ inputs, targets }) => crossEntropy(model.forward(inputs), targets), {
    batches: [{ inputs: ids('inputs'), targets: ids('targets') }],
    compiled: true,
  });
}
