import { RandomStream, seedKey, type Module } from '@heed/attention-core';
import { sameWeight } from '@heed/bench/same-values';
import { Adam, compile } from '@heed/training';
import * as tf from '@tensorflow/tfjs';

/** Gives a model the weights that every contender has. */
export function giveSameWeights(model: Module): void {
  const state = model
    .namedParameters()
    .map(({ name, variable }) => [name, tf.tensor(sameWeight(name, variable.shape), variable.shape)] as const);
  model.loadStateDict(Object.fromEntries(state));
  tf.dispose(state.map(([, tensor]) => tensor));
}

/**
 * A training step of Heed as one function: loss, gradients, Adam.
 *
 * @param compiled whether it is recorded, where the backend can
 * @returns the function that does the next step and gives its loss
 */
export function trainingStep<Batch extends tf.TensorContainerObject>(
  model: Module,
  loss: (batch: Batch, random: RandomStream) => tf.Scalar,
  { batches, compiled }: { readonly batches: readonly Batch[]; readonly compiled: boolean },
): () => tf.Scalar {
  giveSameWeights(model);
  const optimizer = new Adam(model.trainableParameters());
  const [key, rate] = [seedKey(7), tf.scalar(1e-3)];
  const step = (batch: Batch, draw: tf.Scalar) =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => loss(batch, new RandomStream(key, draw)));
      optimizer.apply(optimizer.flatten(optimizer.parameters.map(({ variable }) => grads[variable.name])), rate);
      return value;
    });
  const run = compiled ? compile(step) : step;
  let steps = 0;
  return () => {
    const draw = tf.scalar(steps, 'int32');
    const value = run(batches[steps++ % batches.length], draw);
    draw.dispose();
    return value;
  };
}
