import { hasNativeOps, nativeOp, withGradient } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { checkLabels } from './check-labels.ts';
import { knownLabels, labelRows, pickScores, rowNormaliser } from './label-scores.ts';

export interface CrossEntropyOptions {
  /** Positions with this label do not count. Default −100, as in PyTorch. */
  readonly ignoreIndex?: number;
  /** Share ε of the target that is spread evenly over all classes. Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy from logits, as the mean over the counted positions; 0 where none counts.
 *
 * With p = softmax(logits): loss = (1−ε)·(−log p[label]) + ε·mean(−log p). Agrees with
 * `torch.nn.functional.cross_entropy(…, ignore_index, label_smoothing)`, which gives NaN where none counts. A class of logit −∞ has the
 * probability 0. What ignored positions hold, NaN included, reaches neither the loss nor the gradient.
 *
 * @param logits float32 [..., V]
 * @param labels int32 [...], each in [0, V) or `ignoreIndex`; another one makes the loss NaN, on every backend, which `train()` reports as what
 * it is
 * @returns scalar, in nats
 * @throws if the shapes do not fit or an option is out of range
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { crossEntropy } from '@heed/training';
 * const logits = tf.tensor2d([[2, 0], [0, 2], [9, 9]]);
 * crossEntropy(logits, tf.tensor1d([0, 1, -100], 'int32')).print(); // 0.1269
 * ```
 */
export function crossEntropy(logits: tf.Tensor, labels: tf.Tensor, options: CrossEntropyOptions = {}): tf.Scalar {
  const { ignoreIndex = -100, labelSmoothing = 0 } = options;
  checkArguments(logits, labels, ignoreIndex, labelSmoothing);
  const classes = logits.shape[logits.rank - 1];
  checkLabels('crossEntropy', labels, classes, ignoreIndex);
  return tf.tidy(() => {
    const wanted = tf.reshape<tf.Rank.R1>(labels, [-1]); // [N]
    const scores = tf.reshape<tf.Rank.R2>(logits, [-1, classes]); // [N, V]
    const counted = tf.notEqual(wanted, ignoreIndex); // [N]
    const { labels: known, inRange } = knownLabels(wanted, classes);
    const weight = tf.div(1, tf.maximum(tf.sum(tf.cast(counted, 'float32')), 1));
    const share = tf.where(counted, tf.where(inRange, weight, NaN), 0); // [N]
    const rows = { labels: known, share, counted };
    const smoothing = classes === 1 ? 0 : labelSmoothing; // there is no other class to spread to
    return hasNativeOps() ? nativeCrossEntropy(scores, rows, smoothing) : composedCrossEntropy(scores, rows, smoothing);
  });
}

interface Rows {
  /** int32 [N], each in [0, V). */
  readonly labels: tf.Tensor;
  /** float32 [N]: how much a row's loss counts; 0 where it is ignored. */
  readonly share: tf.Tensor;
  /** bool [N] */
  readonly counted: tf.Tensor;
}

function nativeCrossEntropy(scores: tf.Tensor2D, { labels, share, counted }: Rows, smoothing: number): tf.Scalar {
  return withGradient(
    [scores],
    (scores) => {
      const [losses, slopes] =
        smoothing === 0 ? sparseCrossEntropy(scores, labels) : smoothCrossEntropy(scores, labels, smoothing);
      return { value: sharedSum(losses, share, counted), saved: [slopes, share] }; // [N, V] and [N]
    },
    // 0 where the share is 0, whatever the slope is.
    (dy, [slopes, share]) => nativeOp('MulNoNan', [slopes, tf.expandDims(tf.mul(share, dy), 1)]),
  ) as tf.Scalar;
}

/** The sum of the counted losses, each times its share. */
function sharedSum(losses: tf.Tensor, share: tf.Tensor, counted: tf.Tensor): tf.Tensor {
  return tf.sum(tf.mul(tf.where(counted, losses, 0), share));
}

/**
 * TensorFlow's own op, which gives its gradient with it.
 *
 * @param scores [N, V] @param labels int32 [N], each in [0, V): the op refuses others @returns losses [N] and their slopes by the scores, [N, V]
 */
export function sparseCrossEntropy(scores: tf.Tensor, labels: tf.Tensor): tf.Tensor[] {
  return nativeOp('SparseSoftmaxCrossEntropyWithLogits', [scores, labels], {
    outputs: 2,
    attributes: ({ TF_ATTR_TYPE, TF_FLOAT, TF_INT32 }) => [
      { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
      { name: 'Tlabels', type: TF_ATTR_TYPE, value: TF_INT32 },
    ],
  });
}

/** The same for labels that are spread: TensorFlow's op holds the target and the slopes, where the composition holds some ten tensors of that size. */
function smoothCrossEntropy(scores: tf.Tensor, labels: tf.Tensor, smoothing: number): tf.Tensor[] {
  const classes = scores.shape[1]!;
  const spread = smoothing / classes;
  const target = tf.oneHot(labels as tf.Tensor1D, classes, 1 - smoothing + spread, spread, 'float32'); // [N, V]
  return nativeOp('SoftmaxCrossEntropyWithLogits', [scores, target], { outputs: 2 });
}

function composedCrossEntropy(scores: tf.Tensor2D, rows: Rows, smoothing: number): tf.Scalar {
  const classes = scores.shape[1];
  return withGradient(
    [scores],
    (scores) => {
      const normaliser = rowNormaliser(scores); // [N, 1]
      const picked = pickScores(scores, rows.labels); // [N]
      const chosen =
        smoothing === 0 ? picked : tf.add(tf.mul(picked, 1 - smoothing), tf.mul(tf.mean(scores, 1), smoothing));
      return {
        value: sharedSum(tf.sub(tf.squeeze(normaliser, [1]), chosen), rows.share, rows.counted),
        saved: [scores, normaliser, rows.labels, rows.share, rows.counted], // not the target, which is as large as the scores
      };
    },
    (dy, [scores, normaliser, labels, share, counted]) => {
      const probabilities = tf.exp(tf.sub(scores, normaliser)); // [N, V]
      const slopes = tf.sub(probabilities, smoothedTarget(labels, classes, smoothing));
      const gradient = tf.mul(slopes, tf.expandDims(tf.mul(share, dy), 1));
      return [tf.where(tf.expandDims(counted, 1), gradient, 0)];
    },
  ) as tf.Scalar;
}

/** How many positions count: a `weight` for `train()`. @param labels int32 [...] @returns float32 scalar */
export function countedPositions(labels: tf.Tensor, ignoreIndex = -100): tf.Scalar {
  return tf.tidy(() => tf.sum(tf.cast(tf.notEqual(labels, ignoreIndex), 'float32')));
}

/** [N] labels as [N, V] targets, spread by the smoothing. */
function smoothedTarget(labels: tf.Tensor, classes: number, smoothing: number): tf.Tensor {
  const target = labelRows(labels, classes);
  return smoothing === 0 ? target : tf.add(tf.mul(target, 1 - smoothing), smoothing / classes);
}

function checkArguments(logits: tf.Tensor, labels: tf.Tensor, ignoreIndex: number, labelSmoothing: number): void {
  if (String(logits.shape.slice(0, -1)) !== String(labels.shape) || logits.rank === 0) {
    throw new Error(
      `crossEntropy: labels must have the logits' shape without the last axis, got logits [${logits.shape}], labels [${labels.shape}]`,
    );
  }
  if (labels.dtype !== 'int32') throw new Error(`crossEntropy: labels must be int32, got ${labels.dtype}`);
  if (!Number.isInteger(ignoreIndex))
    throw new Error(`crossEntropy: ignoreIndex must be an integer, got ${ignoreIndex}`);
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new Error(`crossEntropy: labelSmoothing must be in [0, 1), got ${labelSmoothing}`);
  }
}
