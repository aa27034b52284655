import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

/** What the contract needs of a model: attention-core's `Module` has it. */
export interface ContractModel {
  namedParameters(): { readonly name: string; readonly variable: tf.Variable }[];
  stateDict(): Record<string, tf.Tensor>;
  loadStateDict(state: Record<string, tf.Tensor>): void;
  dispose(): void;
}

export interface ModelContract<Model extends ContractModel, Config, Batch extends tf.TensorContainerObject> {
  /** A tiny configuration; the model must be made from it and a seed alone. */
  readonly config: Config;
  readonly create: (config: Config, seed: number) => Model;
  /** A batch of at least two different examples. */
  readonly batch: () => Batch;
  readonly forward: (model: Model, batch: Batch) => tf.Tensor;
  /** Of `forward` on `batch`. */
  readonly outputShape: readonly number[];
  readonly loss: (model: Model, batch: Batch) => tf.Scalar;
  /** The examples `indices` of a batch. Default: gathers every tensor of it along its first dimension. */
  readonly select?: (batch: Batch, indices: readonly number[]) => Batch;
  /**
   * The same batch with other values at masked positions, and which outputs must not change; absent where the model masks nothing.
   */
  readonly masked?: { readonly change: (batch: Batch) => Batch; readonly outputs?: (output: tf.Tensor) => tf.Tensor };
  /** Learning rate and steps with which Adam must bring the batch's loss below a tenth of where it began. Default 0.01 and 150. */
  readonly overfit?: { readonly learningRate?: number; readonly steps?: number; readonly lossBelow?: number };
  /** Parameters that need no gradient from `loss`, by name (e.g. a head that the loss does not use). */
  readonly withoutGradient?: (name: string) => boolean;
  /** Allowed difference between one example in a batch and the same alone. Default 1e-5: other summation order. */
  readonly tolerance?: number;
}

/** The tests that every model passes. Called inside a test file, it declares them under `name`. */
export function describeModelContract<Model extends ContractModel, Config, Batch extends tf.TensorContainerObject>(
  name: string,
  contract: ModelContract<Model, Config, Batch>,
): void {
  const { config, create, forward, loss, outputShape, tolerance = 1e-5 } = contract;
  const select = contract.select ?? selectExamples;

  describe(`${name} keeps the model contract`, () => {
    it('gives outputs of the stated shape, all finite', () => {
      const output = forward(create(config, 1), contract.batch());
      expect(output.shape).toEqual([...outputShape]);
      expect(tf.all(tf.isFinite(output)).dataSync()[0]).toBe(1);
    });

    it('is the same model again from its config in JSON and its seed', () => {
      const again = create(JSON.parse(JSON.stringify(config)) as Config, 1);
      expect(forward(again, contract.batch())).toBeAllClose(forward(create(config, 1), contract.batch()), {
        absolute: 0,
        relative: 0,
      });
      expect(forward(create(config, 2), contract.batch())).not.toBeAllClose(forward(again, contract.batch()));
    });

    it('computes the same with the weights of another instance', () => {
      const [one, other] = [create(config, 1), create(config, 2)];
      other.loadStateDict(one.stateDict());
      expect(forward(other, contract.batch())).toBeAllClose(forward(one, contract.batch()), {
        absolute: 0,
        relative: 0,
      });
    });

    it('gives every trainable parameter a gradient', () => {
      const model = create(config, 1);
      const trainable = model.namedParameters().filter(({ variable }) => variable.trainable);
      const { grads } = tf.variableGrads(
        () => loss(model, contract.batch()),
        trainable.map(({ variable }) => variable),
      );
      const dead = trainable.filter(({ variable }) => tf.sum(tf.abs(grads[variable.name])).dataSync()[0] === 0);
      expect(dead.map(({ name }) => name).filter((name) => contract.withoutGradient?.(name) !== true)).toEqual([]);
    });

    it('treats the examples of a batch independently', () => {
      const model = create(config, 1);
      const batch = contract.batch();
      const together = forward(model, batch);
      for (const index of [0, 1]) {
        const alone = forward(model, select(batch, [index]));
        expect(alone).toBeAllClose(tf.gather(together, [index]), { absolute: tolerance, relative: tolerance });
      }
    });

    if (contract.masked !== undefined) {
      const { change, outputs = (output: tf.Tensor) => output } = contract.masked;
      it('is not influenced by masked positions', () => {
        const model = create(config, 1);
        const before = outputs(forward(model, contract.batch()));
        expect(outputs(forward(model, change(contract.batch())))).toBeAllClose(before, {
          absolute: tolerance,
          relative: tolerance,
        });
      });
    }

    it('overfits a tiny batch, with a constant number of tensors', () => {
      const { learningRate = 0.01, steps = 150, lossBelow } = contract.overfit ?? {};
      const model = create(config, 1);
      const batch = contract.batch();
      const optimizer = tf.train.adam(learningRate);
      const variables = model.namedParameters().flatMap(({ variable }) => (variable.trainable ? [variable] : []));
      const step = () => {
        const value = optimizer.minimize(() => loss(model, batch), true, variables)!;
        const number = value.dataSync()[0];
        value.dispose();
        return number;
      };
      const first = step();
      const tensors = tf.memory().numTensors;
      let last = first;
      for (let i = 1; i < 21; i++) last = step();
      expect(tf.memory().numTensors, 'tensors after 20 more steps').toBe(tensors);
      for (let i = 21; i < steps; i++) last = step();
      expect(last).toBeLessThan(lossBelow ?? first / 10);
    });

    it('frees its weights', () => {
      const before = tf.memory().numTensors;
      create(config, 1).dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}

function selectExamples<Batch extends tf.TensorContainerObject>(batch: Batch, indices: readonly number[]): Batch {
  return Object.fromEntries(
    Object.entries(batch).map(([key, value]) => [
      key,
      value instanceof tf.Tensor ? tf.gather(value, [...indices]) : value,
    ]),
  ) as Batch;
}
