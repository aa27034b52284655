import * as tf from '@tensorflow/tfjs';

/**
 * How rotary frequencies are changed for sequences longer than those of training. `factor` is by how much longer; the formulas
 * and defaults are those of Hugging Face's `ROPE_INIT_FUNCTIONS`.
 */
export type RotaryScaling =
  /** Positions divided by the factor (Chen et al. 2023). */
  | { readonly type: 'linear'; readonly factor: number }
  /** A greater base, so that near positions keep their angles ("NTK-aware"): base · factor^(D/(D − 2)). */
  | { readonly type: 'ntk'; readonly factor: number }
  /** The same with the base growing with the current length, once it passes the trained one. */
  | { readonly type: 'dynamic'; readonly factor: number; readonly trainedLength: number }
  /** YaRN (Peng et al. 2024): low frequencies divided by the factor, high ones kept, a ramp between; and sharper scores. */
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly trainedLength: number;
      /** Frequencies with at least this many turns over the trained length are kept. Default 32. */
      readonly fastTurns?: number;
      /** Frequencies with at most this many turns are divided. Default 1. */
      readonly slowTurns?: number;
      /** What sine and cosine are multiplied by. Default 0.1 · ln(factor) + 1. */
      readonly attentionFactor?: number;
    }
  /** Llama 3.1: low frequencies divided by the factor, high ones kept, a ramp between. */
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly trainedLength: number;
      /** Frequencies with fewer turns over the trained length are divided. Default 1. */
      readonly lowFrequencyFactor?: number;
      /** Frequencies with more turns are kept. Default 4. */
      readonly highFrequencyFactor?: number;
    };

export interface RotaryFrequencies {
  /** Angle per position of each pair of dimensions: [width / 2]. */
  readonly frequencies: Float32Array;
  /** What sine and cosine are multiplied by; 1 but for YaRN. */
  readonly attentionFactor: number;
}

/**
 * base^(−2i/width), scaled.
 *
 * @param width how many dimensions are rotated; even
 * @param length of the current sequence; only `dynamic` scaling asks for it
 */
export function rotaryFrequencies(
  width: number,
  base: number,
  scaling: RotaryScaling | undefined,
  length: number,
): RotaryFrequencies {
  const withBase = (base: number) => Array.from({ length: width / 2 }, (_, i) => base ** ((-2 * i) / width));
  const plain = (frequencies: readonly number[]) => ({
    frequencies: Float32Array.from(frequencies),
    attentionFactor: 1,
  });
  switch (scaling?.type) {
    case undefined:
      return plain(withBase(base));
    case 'linear':
      return plain(withBase(base).map((frequency) => frequency / scaling.factor));
    case 'ntk':
      return plain(withBase(base * scaling.factor ** (width / (width - 2))));
    case 'dynamic': {
      const { factor, trainedLength } = scaling;
      const growth = (factor * Math.max(length, trainedLength)) / trainedLength - (factor - 1);
      return plain(withBase(base * growth ** (width / (width - 2))));
    }
    case 'yarn': {
      const { factor, trainedLength, fastTurns = 32, slowTurns = 1 } = scaling;
      const pairWithTurns = (turns: number) =>
        (width * Math.log(trainedLength / (turns * 2 * Math.PI))) / (2 * Math.log(base));
      const low = Math.max(Math.floor(pairWithTurns(fastTurns)), 0);
      const high = Math.min(Math.ceil(pairWithTurns(slowTurns)), width - 1);
      const frequencies = withBase(base).map((frequency, i) => {
        const share = Math.min(1, Math.max(0, (i - low) / (low === high ? 0.001 : high - low)));
        return frequency * (1 - share) + (frequency / factor) * share;
      });
      const attentionFactor = scaling.attentionFactor ?? (factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1);
      return { frequencies: Float32Array.from(frequencies), attentionFactor };
    }
    case 'llama3': {
      const { factor, trainedLength, lowFrequencyFactor = 1, highFrequencyFactor = 4 } = scaling;
      const frequencies = withBase(base).map((frequency) => {
        const turns = (trainedLength * frequency) / (2 * Math.PI);
        const share = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
        const kept = Math.min(1, Math.max(0, share));
        return frequency * kept + (frequency / factor) * (1 - kept);
      });
      return plain(frequencies);
    }
  }
}

/** `rotaryFrequencies` of a length that is a tensor; undefined where the scaling does not ask for it. @returns [width / 2] */
export function dynamicFrequencies(
  width: number,
  base: number,
  scaling: RotaryScaling | undefined,
  length: tf.Tensor,
): tf.Tensor | undefined {
  if (scaling?.type !== 'dynamic') return undefined;
  const { factor, trainedLength } = scaling;
  return tf.tidy(() => {
    const longest = tf.maximum(tf.cast(length, 'float32'), trainedLength);
    const growth = tf.sub(tf.mul(longest, factor / trainedLength), factor - 1);
    const logBase = tf.add(tf.mul(tf.log(growth), width / (width - 2)), Math.log(base));
    return tf.exp(tf.mul(logBase, tf.mul(tf.range(0, width / 2), -2 / width)));
  });
}
