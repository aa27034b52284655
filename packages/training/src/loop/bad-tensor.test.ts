import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { DivergedError } from './bad-tensor.ts';
import type { LossFunction } from './options.ts';
import { batches, collect, setUp, weights, type Numbers } from './train.test-support.ts';

describe('train, when a number is bad', () => {
  it('names the operation that first gave a bad number, and leaves the weights as they were', async () => {
    const { model, options } = setUp();
    const loss: LossFunction<Numbers> = ({ x }) => tf.add(tf.sum(tf.log(tf.min(x))), tf.sum(model.output)) as tf.Scalar;
    const before = weights(model);
    const error = await collect({ ...options, loss }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DivergedError);
    expect((error as DivergedError).message).toMatch(
      /train: step 1: the loss is NaN; the first bad tensor is the result of Log, float32 \[\], where 1 of 1 are NaN or infinite\n.*bad-tensor\.test\.ts/,
    );
    expect(weights(model)).toEqual(before);
  });

  it('names the array of the batch that holds a bad number', async () => {
    const { options } = setUp({
      data: (epoch) =>
        batches(epoch).map((batch, i) =>
          i === 2 ? { ...batch, y: { ...batch.y, data: new Float32Array(6).fill(NaN) } } : batch,
        ),
    });
    await expect(collect(options)).rejects.toThrow(
      'train: step 3: the loss is NaN; the first bad tensor is batch.y, float32 [6,1], where 6 of 6',
    );
  });

  it('notices gradients that are bad although the loss is not', async () => {
    const { model, options } = setUp();
    const loss: LossFunction<Numbers> = () => tf.sum(tf.sqrt(tf.mul(model.output, 0))) as tf.Scalar; // 0, its slope infinite
    await expect(collect({ ...options, loss })).rejects.toThrow(/step 1: the gradients' norm is (NaN|Infinity)/);
  });
});
