/** The same LSTM in stock tfjs, a loop over the letters. */
import { sameIntegers, sameWeight } from '@heed/bench/same-values';
import * as tf from '@tensorflow/tfjs';

interface Case {
  readonly vocabulary: number;
  readonly inputs: number;
  readonly width: number;
  readonly batch: number;
  readonly steps: number;
}

export function prepare({ vocabulary, inputs, width, batch, steps }: Case): () => tf.Scalar {
  const weight = <R extends tf.Rank>(name: string, shape: tf.ShapeMap[R]) =>
    tf.variable<R>(tf.tensor<R>(sameWeight(name, shape as number[]), shape));
  const letters = weight<tf.Rank.R2>('letters.weight', [vocabulary, inputs]);
  const inputWeight = weight<tf.Rank.R2>('layer.cell.inputWeight', [inputs, 4 * width]);
  const hiddenWeight = weight<tf.Rank.R2>('layer.cell.hiddenWeight', [width, 4 * width]);
  const inputBias = weight<tf.Rank.R1>('layer.cell.inputBias', [4 * width]);
  const hiddenBias = weight<tf.Rank.R1>('layer.cell.hiddenBias', [4 * width]);
  const kernel = weight<tf.Rank.R2>('head.weight', [width, vocabulary]);
  const bias = weight<tf.Rank.R1>('head.bias', [vocabulary]);
  const ids = (name: string) => tf.tensor1d(sameIntegers(name, [batch, steps], vocabulary), 'int32');
  const oneHot = (ids: tf.Tensor1D) => tf.cast(tf.oneHot(ids, vocabulary), 'float32') as tf.Tensor2D; // [B·T, V]
  const [read, targets] = [ids('inputs'), oneHot(ids('targets'))];
  // Stock tfjs has no gradient of `gather` on WASM.
  const embed = () => (tf.getBackend() === 'wasm' ? tf.matMul(oneHot(read), letters) : tf.gather(letters, read));

  const forward = () => {
    let hidden: tf.Tensor2D = tf.zeros([batch, width]);
    let cell: tf.Tensor = tf.zeros([batch, width]);
    const outputs: tf.Tensor[] = [];
    for (const x of tf.unstack(tf.reshape(embed(), [batch, steps, inputs]), 1)) {
      const own = tf.add(tf.matMul(x as tf.Tensor2D, inputWeight), inputBias);
      const gates = tf.add(own, tf.add(tf.matMul(hidden, hiddenWeight), hiddenBias)); // [B, 4H]
      const [i, f, g, o] = tf.split(gates, 4, 1);
      cell = tf.add(tf.mul(tf.sigmoid(f), cell), tf.mul(tf.sigmoid(i), tf.tanh(g)));
      hidden = tf.mul(tf.sigmoid(o), tf.tanh(cell)) as tf.Tensor2D;
      outputs.push(hidden);
    }
    return tf.add(tf.matMul(tf.reshape(tf.stack(outputs, 1), [batch * steps, width]), kernel), bias); // [B·T, V]
  };
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  const loss = () => tf.losses.softmaxCrossEntropy(targets, forward()) as tf.Scalar;
  return () => tf.tidy(() => optimizer.minimize(loss, true)!);
}
