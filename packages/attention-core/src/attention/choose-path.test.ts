import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import '../kernels/index.ts';
import { hasFused } from '../kernels/fused-ops.ts';
import { intervene } from '../maps/intervene.ts';
import { tensorBias } from '../biases/tensor-bias.ts';
import { not } from '../masks/algebra.ts';
import { causal } from '../masks/causal.ts';
import type { Mask } from '../masks/mask.ts';
import { slidingWindow } from '../masks/sliding-window.ts';
import { attention, type AttentionOptions } from './attention.ts';

const hasOneOp = hasFused('HeedAttention');

/** How many regions the mask is asked for: one by the dense path, some by the other. */
function regionsAsked(mask: Mask, length: number, choice: Partial<AttentionOptions> = {}): number {
  let asked = 0;
  const counting: Mask = {
    ...mask,
    allowed: (region) => {
      asked++;
      return mask.allowed(region);
    },
  };
  const x = tf.ones([1, 1, length, 1]);
  attention({ query: x, key: x, value: x, mask: counting, ...choice }).dispose();
  return asked;
}

describe('the path that attention takes', () => {
  it('is the dense one where sequences are short or weights are being changed', () => {
    expect(regionsAsked(causal(), 700, { path: 'dense' })).toBe(1);
    expect(regionsAsked(not(causal()), 700)).toBe(1);
    expect(regionsAsked(slidingWindow(100), 1200, { path: 'dense' })).toBe(1);
    expect(
      intervene(
        () => regionsAsked(slidingWindow(100), 1200),
        (_, weights) => weights,
      ),
    ).toBe(1);
  });

  it('is the blockwise one where the mask leaves little of a long sequence, or where it is asked for', () => {
    const bias = tensorBias(tf.zeros([1200, 1200])); // which no op of the backend adds
    expect(regionsAsked(slidingWindow(100), 1200, { bias })).toBeGreaterThan(1);
    expect(regionsAsked(causal(), 300, { path: 'blockwise' })).toBeGreaterThan(1);
  });

  it.skipIf(hasOneOp)('is one of the two where the backend has no op of its own', () => {
    expect(regionsAsked(causal(), 700)).toBe(1);
    expect(regionsAsked(slidingWindow(100), 1200)).toBeGreaterThan(1);
  });

  it.runIf(hasOneOp)(
    'is the backend’s own op where it has one, which is told a band and asks a mask for nothing',
    () => {
      expect(regionsAsked(causal(), 700)).toBe(0);
      expect(regionsAsked(slidingWindow(100), 1200)).toBe(0);
    },
  );
});
