/** One product of matrices, or several at once. */
import { sameInputs } from '@heed/bench/same-values';
import * as tf from '@tensorflow/tfjs';

interface Case {
  readonly matrices: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

export function prepare({ matrices, rows, inner, columns }: Case): () => tf.Tensor {
  const shaped = (shape: number[]) => (matrices === 1 ? shape : [matrices, ...shape]);
  const [left, right] = [shaped([rows, inner]), shaped([inner, columns])];
  const a = tf.tensor(sameInputs('a', left), left);
  const b = tf.tensor(sameInputs('b', right), right);
  return () => tf.matMul(a, b);
}
