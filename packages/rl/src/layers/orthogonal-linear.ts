import { Linear, type Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/**
 * A linear layer that begins with orthogonal columns (or rows, where there are fewer) of length `gain`, and biases of 0 (Saxe et al. 2014), as is usual
 * in reinforcement learning: the policy's first actions should hardly depend on what it sees.
 */
export function orthogonalLinear(config: {
  readonly inputs: number;
  readonly outputs: number;
  readonly gain: number;
  readonly random: Random;
}): Linear {
  const { inputs, outputs, gain, random } = config;
  const layer = new Linear({ inputs, outputs, random });
  tf.tidy(() => {
    layer.weight.assign(tf.tensor2d(orthogonal(inputs, outputs, gain, random), [inputs, outputs]));
    layer.bias!.assign(tf.zeros([outputs]));
  });
  return layer;
}

/** Gram–Schmidt over normal vectors. @returns [rows, columns] row-major */
function orthogonal(rows: number, columns: number, gain: number, random: Random): Float32Array {
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const drawn = random.normals(count * length);
  const vectors: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const vector = Float64Array.from(drawn.subarray(i * length, (i + 1) * length));
    for (const other of vectors) {
      const along = vector.reduce((sum, value, j) => sum + value * other[j], 0);
      for (let j = 0; j < length; j++) vector[j] -= along * other[j];
    }
    const size = Math.hypot(...vector);
    vectors.push(size === 0 ? vector : vector.map((value) => value / size)); // zeros where weights are about to be loaded
  }
  const at = (row: number, column: number) => (rows >= columns ? vectors[column][row] : vectors[row][column]);
  return Float32Array.from({ length: rows * columns }, (_, i) => gain * at(Math.floor(i / columns), i % columns));
}
