/** What is saved, as far as both processes must know it: the one that is killed and the one that looks at what it left. */
import { Linear, Random } from '@heed/attention-core';
import { Adam, train, type Batch, type Folder, type StartEvent, type TrainOptions } from '@heed/training';
import * as tf from '@tensorflow/tfjs';

export const SHARD_BYTES = 100_000;
export const NAMES = { rules: ['weight', 'bias'].map((name) => ({ ours: name, theirs: name })) };

/** A layer in two files of 90 kB and less, which says by its bias which one it is. */
export function layerOf(mark: number): Linear {
  const model = new Linear({ inputs: 150, outputs: 150, random: new Random(mark) });
  model.bias!.assign(tf.tensor1d(Array<number>(150).fill(mark)));
  return model;
}

/** A training whose weights say how many steps it took. */
export function trainingOf(folder: Folder, steps: number): TrainOptions<Batch> & { readonly model: Linear } {
  const model = new Linear({ inputs: 40, outputs: 40, random: new Random(1) });
  return {
    model,
    optimizer: new Adam(model.trainableParameters()),
    loss: ({ x }) => tf.mean(tf.square(model.forward(x))),
    data: () => Array.from({ length: 10 }, () => ({ x: { data: new Float32Array(40).fill(1), shape: [1, 40] } })),
    learningRate: 0.01,
    steps,
    checkpoints: { folder, everySteps: 1 },
  };
}

/** @returns where it began */
export async function runToItsEnd(options: TrainOptions<Batch>): Promise<StartEvent> {
  let start: StartEvent | undefined;
  for await (const event of train(options)) if (event.type === 'start') start = event;
  return start!;
}
