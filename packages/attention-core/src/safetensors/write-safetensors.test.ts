import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from './read-safetensors.ts';
import { writeSafetensors } from './write-safetensors.ts';

describe('writeSafetensors', () => {
  it('gives back what was written, tensors and metadata', async () => {
    const tensors = {
      'layer.weight': tf.tensor2d([1.5, -2, 1e-30, 3e38], [2, 2]),
      position_ids: tf.tensor1d([1, 2, -3], 'int32'),
      mask: tf.tensor1d([1, 0, 1], 'bool'),
      none: tf.zeros([0, 4]),
      scalar: tf.scalar(7),
    };
    const read = readSafetensors(await writeSafetensors(tensors, { metadata: { format: 'pt' } }));
    expect(read.metadata).toEqual({ format: 'pt' });
    const values = (all: Record<string, tf.Tensor>) =>
      Object.fromEntries(
        Object.entries(all).map(([name, tensor]) => [
          name,
          [tensor.dtype, tensor.shape, Array.from(tensor.dataSync())],
        ]),
      );
    expect(values(read.tensors())).toEqual(values(tensors));
  });

  it('keeps every tensor aligned in the file', async () => {
    const bytes = await writeSafetensors({ a: tf.zeros([3], 'bool'), b: tf.zeros([1]), c: tf.zeros([5], 'int32') });
    const begins = [...readSafetensors(bytes).entries].map(
      ([, { begin, dtype }]) => begin % (dtype === 'BOOL' ? 1 : 4),
    );
    expect(begins).toEqual([0, 0, 0]);
  });

  it('stores floats in two bytes when asked, rounded to nearest', async () => {
    const half = await writeSafetensors(
      { a: tf.tensor1d([1 / 3, 70000]), b: tf.tensor1d([3], 'int32') },
      { floats: 'F16' },
    );
    expect(readSafetensors(half).entries.get('a')).toMatchObject({ dtype: 'F16' });
    expect(readSafetensors(half).entries.get('b')).toMatchObject({ dtype: 'I32' });
    expect(Array.from(readSafetensors(half).data('a'))).toEqual([0.333251953125, Infinity]);
    const brain = await writeSafetensors({ a: tf.tensor1d([1 / 3, 70000]) }, { floats: 'BF16' });
    expect(Array.from(readSafetensors(brain).data('a'))).toEqual([0.333984375, 70144]);
  });

  it('refuses what the format cannot hold', async () => {
    await expect(writeSafetensors({ a: tf.tensor1d(['x']) })).rejects.toThrow(
      'dtype must be float32, int32 or bool, got string for "a"',
    );
    await expect(writeSafetensors({ __metadata__: tf.scalar(1) })).rejects.toThrow('must not be called "__metadata__"');
  });
});
