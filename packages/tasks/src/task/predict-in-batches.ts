import { requireIntegers, capture, type AttentionMap } from '@heed/attention-core';
import { batchTensors, compiles, type Batch } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { ForwardPass, ForwardPasses } from '../compiled/forward-passes.ts';
import { batchesBySize } from './batches-by-size.ts';

/** What every verb over many inputs takes. */
export interface BatchOptions {
  /** Inputs that are computed together, those of similar size. */
  readonly batchSize: number;
  /** Ends it between two batches; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether `Prediction.result` gets the attention maps. Default false. */
  readonly attention?: boolean;
}

/** The numbers of one input, of a tensor whose first axis counts inputs. */
export interface OutputRow {
  readonly data: Float32Array | Int32Array;
  /** Without the axis of the inputs. */
  readonly shape: readonly number[];
}

/** How a task predicts. */
export interface Prediction<Input, B extends Batch, Outputs extends Readonly<Record<string, tf.Tensor>>, Result> {
  /** The room that an input needs, e.g. its number of tokens; inputs of one size alone have none. */
  readonly size?: (input: Input) => number;
  /** The largest size there is room for. Default: none. */
  readonly maximumSize?: number;
  /** Inputs as a batch. @param size the room that each is given, at least that of the largest */
  readonly batch: (inputs: readonly Input[], size: number) => B;
  /** Tensors whose first axis counts inputs; must not depend on padding. */
  readonly forward: ForwardPass<B, Outputs>;
  /** One input's result. @param row its place in the batch, for `maps` */
  readonly result: (
    outputs: { readonly [Name in keyof Outputs]: OutputRow },
    input: Input,
    row: number,
    maps: readonly AttentionMap[],
  ) => Result;
}

/** See `Task.predictInBatches`. @param owner how messages begin */
export async function predictInBatches<
  Input,
  B extends Batch,
  Outputs extends Readonly<Record<string, tf.Tensor>>,
  Result,
>(
  owner: string,
  passes: ForwardPasses,
  inputs: readonly Input[],
  { size = () => 1, maximumSize = Infinity, batch, forward, result }: Prediction<Input, B, Outputs, Result>,
  { batchSize, signal, attention = false }: BatchOptions,
): Promise<Result[]> {
  requireIntegers(owner, { batchSize });

  const results = Array<Result>(inputs.length);
  const padded = compiles() && !attention; // a map would show the padding
  for (const { members, filled, room } of batchesBySize(inputs.map(size), { batchSize, maximumSize, padded })) {
    signal?.throwIfAborted();
    const tensors = batchTensors(
      batch(
        filled.map((index) => inputs[index]),
        room,
      ),
    );
    let outputs: Outputs | undefined;
    let maps: readonly AttentionMap[] = [];
    try {
      if (attention) ({ result: outputs, maps } = capture(() => tf.tidy(() => forward(tensors))));
      else outputs = passes.run(owner, forward, tensors);
      const names = Object.keys(outputs) as (keyof Outputs & string)[];
      const values = await Promise.all(names.map((name) => outputs![name].data()));
      for (const [row, index] of members.entries()) {
        const entries = names.map((name, i) => {
          const [, ...shape] = outputs![name].shape;
          const length = shape.reduce((product, dimension) => product * dimension, 1);
          const data = values[i].slice(row * length, (row + 1) * length) as OutputRow['data'];
          return [name, { data, shape }] as const;
        });
        results[index] = result(Object.fromEntries(entries) as never, inputs[index], row, maps);
      }
    } finally {
      tf.dispose([outputs ?? {}, maps.map(({ weights }) => weights), tensors]);
    }
  }
  return results;
}
