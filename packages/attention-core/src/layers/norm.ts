import type * as tf from '@tensorflow/tfjs';
import type { Module } from '../module/module.ts';
import { LayerNorm, type LayerNormConfig } from './layer-norm.ts';
import { RmsNorm } from './rms-norm.ts';
import { UnbiasedLayerNorm } from './unbiased-layer-norm.ts';

/** The normalisations of Transformer blocks by name: `LayerNorm`, `RmsNorm`, `UnbiasedLayerNorm`. */
export type NormKind = 'layer' | 'rms' | 'unbiased-layer';

export interface Norm extends Module {
  /** @param x [..., width] @returns the same shape */
  forward(x: tf.Tensor): tf.Tensor;
}

/** A normalisation by name. */
export function createNorm(kind: NormKind, config: LayerNormConfig): Norm {
  switch (kind) {
    case 'layer':
      return new LayerNorm(config);
    case 'rms':
      return new RmsNorm(config);
    case 'unbiased-layer':
      return new UnbiasedLayerNorm(config);
  }
}
