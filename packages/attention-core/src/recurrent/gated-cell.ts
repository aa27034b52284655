import type * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { linear, weight } from '../layers/linear.ts';
import { Module } from '../module/module.ts';
import type { RecurrentCell, RecurrentCellConfig } from './recurrent-cell.ts';

/** What gated cells have in common: a product with the input and one with the state, each for all gates side by side. */
export abstract class GatedCell extends Module implements RecurrentCell {
  readonly inputWeight: tf.Variable<tf.Rank.R2>;
  readonly inputBias: tf.Variable<tf.Rank.R1>;
  readonly hiddenWeight: tf.Variable<tf.Rank.R2>;
  readonly hiddenBias: tf.Variable<tf.Rank.R1>;
  readonly hiddenWidth: number;
  abstract readonly stateSize: number;

  protected constructor(owner: string, gates: number, { inputs, hiddenWidth, random }: RecurrentCellConfig) {
    super();
    requireIntegers(owner, { inputs, hiddenWidth });
    const width = gates * hiddenWidth;
    const bound = 1 / Math.sqrt(hiddenWidth);
    this.inputWeight = weight(random.uniforms(inputs * width, -bound, bound), [inputs, width]);
    this.inputBias = weight(random.uniforms(width, -bound, bound), [width]);
    this.hiddenWeight = weight(random.uniforms(hiddenWidth * width, -bound, bound), [hiddenWidth, width]);
    this.hiddenBias = weight(random.uniforms(width, -bound, bound), [width]);
    this.hiddenWidth = hiddenWidth;
  }

  abstract step(projected: tf.Tensor, state: readonly tf.Tensor[]): tf.Tensor[];
  abstract sequence(x: tf.Tensor3D, state: readonly tf.Tensor[]): tf.Tensor[];

  project(x: tf.Tensor): tf.Tensor {
    return linear(x, this.inputWeight, this.inputBias);
  }

  /** The state's part of all gates. @param hidden [B, hiddenWidth] @returns [B, gates · hiddenWidth] */
  protected projectHidden(hidden: tf.Tensor): tf.Tensor {
    return linear(hidden, this.hiddenWeight, this.hiddenBias);
  }
}
