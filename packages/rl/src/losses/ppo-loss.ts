import * as tf from '@tensorflow/tfjs';

export interface PpoLossOptions {
  /** How far the ratio of probabilities may go from 1 and still be worth something. */
  readonly clip: number;
  /** Whether values too are clipped around what they were. */
  readonly clipValues: boolean;
  readonly valueWeight: number;
  /** Whether advantages are brought to mean 0 and deviation 1 within the batch. */
  readonly normaliseAdvantages: boolean;
}

/** All [N], but for the weight [1]. */
export interface PpoLossInputs {
  /** Under the policy that learns. */
  readonly logProbabilities: tf.Tensor1D;
  readonly values: tf.Tensor1D;
  readonly entropies: tf.Tensor1D;
  /** Under the policy that acted. */
  readonly oldLogProbabilities: tf.Tensor1D;
  readonly oldValues: tf.Tensor1D;
  readonly advantages: tf.Tensor1D;
  readonly returns: tf.Tensor1D;
  readonly entropyWeight: tf.Tensor1D;
}

/**
 * The clipped objective of proximal policy optimization (Schulman et al. 2017): −E[min(r·A, clip(r)·A)] + c·½E[(V − R)²] − w·H, with r the ratio of the
 * probabilities now and when the action was taken.
 */
export function ppoLoss(inputs: PpoLossInputs, options: PpoLossOptions) {
  const { clip, clipValues, valueWeight, normaliseAdvantages } = options;
  const logRatio = tf.sub(inputs.logProbabilities, inputs.oldLogProbabilities); // [N]
  const ratio = tf.exp(logRatio);
  const advantages = normaliseAdvantages ? normalised(inputs.advantages) : inputs.advantages;
  const gained = tf.minimum(tf.mul(ratio, advantages), tf.mul(tf.clipByValue(ratio, 1 - clip, 1 + clip), advantages));
  const policy = tf.neg(tf.mean(gained));
  const errors = tf.squaredDifference(inputs.values, inputs.returns);
  const near = tf.add(inputs.oldValues, tf.clipByValue(tf.sub(inputs.values, inputs.oldValues), -clip, clip));
  const worst = clipValues ? tf.maximum(errors, tf.squaredDifference(near, inputs.returns)) : errors;
  const value = tf.mul(tf.mean(worst), 0.5);
  const entropy = tf.mean(inputs.entropies);
  const weighted = tf.mul(entropy, tf.squeeze(inputs.entropyWeight));
  return {
    loss: tf.add(tf.sub(policy, weighted), tf.mul(value, valueWeight)),
    policyLoss: policy,
    valueLoss: value,
    entropy,
    divergence: tf.mean(tf.sub(tf.sub(ratio, 1), logRatio)), // an estimate of the KL divergence that is never negative
    clipped: tf.mean(tf.cast(tf.greater(tf.abs(tf.sub(ratio, 1)), clip), 'float32')),
  };
}

/** (A − mean) / (deviation + 1e-8), with the unbiased deviation, as torch has it. */
function normalised(advantages: tf.Tensor1D): tf.Tensor {
  const centred = tf.sub(advantages, tf.mean(advantages));
  const variance = tf.div(tf.sum(tf.square(centred)), Math.max(1, advantages.size - 1));
  return tf.div(centred, tf.add(tf.sqrt(variance), 1e-8));
}
