import { hasNativeOps, nativeOp, withGradient } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

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
 * `torch.nn.functional.cross_entropy(…, ignore_index, label_smoothing)`, which gives NaN where none counts.
 *
 * @param logits float32 [..., V]
 * @param labels int32 [...], each in [0, V) or `ignoreIndex`; the values are not checked
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
  return tf.tidy(() => {
    const wanted = tf.reshape<tf.Rank.R1>(labels, [-1]); // [N]
    const scores = tf.reshape<tf.Rank.R2>(logits, [-1, classes]); // [N, V]
    const isCounted = tf.notEqual(wanted, ignoreIndex); // [N]
    const counted = tf.cast(isCounted, 'float32');
    const share = tf.div(counted, tf.maximum(tf.sum(counted), 1)); // [N]
    if (labelSmoothing === 0 && hasNativeOps()) {
      return nativeCrossEntropy(scores, tf.mul(wanted, tf.cast(isCounted, 'int32')), share);
    }
    return composedCrossEntropy(scores, wanted, share, labelSmoothing);
  });
}

function nativeCrossEntropy(scores: tf.Tensor2D, labels: tf.Tensor, share: tf.Tensor): tf.Scalar {
  return withGradient(
    [scores],
    (scores) => {
      const [losses, slopes] = sparseCrossEntropy(scores, labels);
      return { value: tf.sum(tf.mul(losses, share)), saved: [slopes, share] }; // [N, V] and [N]
    },
    (dy, [slopes, share]) => [tf.mul(slopes, tf.expandDims(tf.mul(share, dy), 1))],
  ) as tf.Scalar;
}

/**
 * TensorFlow's own op, which gives its gradient with it; it refuses labels outside [0, V), so ignored ones are 0 here.
 *
 * @param scores [N, V] @param labels int32 [N] @returns losses [N] and their slopes by the scores, [N, V]
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

function composedCrossEntropy(
  scores: tf.Tensor2D,
  labels: tf.Tensor1D,
  share: tf.Tensor,
  labelSmoothing: number,
): tf.Scalar {
  const classes = scores.shape[1];
  return withGradient(
    [scores],
    (scores) => {
      const highest = tf.max(scores, 1, true); // [N, 1]
      const normaliser = tf.add(tf.log(tf.sum(tf.exp(tf.sub(scores, highest)), 1, true)), highest); // [N, 1]
      const chosen = tf.sum(tf.mul(scores, smoothedTarget(labels, classes, labelSmoothing)), 1); // [N]
      return {
        value: tf.sum(tf.mul(tf.sub(tf.squeeze(normaliser, [1]), chosen), share)),
        saved: [scores, normaliser, labels, share], // not the target, which is as large as the scores: it is made again
      };
    },
    (dy, [scores, normaliser, labels, share]) => {
      const probabilities = tf.exp(tf.sub(scores, normaliser)); // [N, V]
      const target = smoothedTarget(labels as tf.Tensor1D, classes, labelSmoothing); // [N, V]
      return [tf.mul(tf.sub(probabilities, target), tf.expandDims(tf.mul(share, dy), 1))];
    },
  ) as tf.Scalar;
}

/** How many positions count: a `weight` for `train()`. @param labels int32 [...] @returns float32 scalar */
export function countedPositions(labels: tf.Tensor, ignoreIndex = -100): tf.Scalar {
  return tf.tidy(() => tf.sum(tf.cast(tf.notEqual(labels, ignoreIndex), 'float32')));
}

/**
 * [N] labels as [N, V] targets; an ignored label's row is even or empty, which its share of 0 hides. On WASM `tf.oneHot` makes whole
 * numbers only.
 */
function smoothedTarget(labels: tf.Tensor1D, classes: number, smoothing: number): tf.Tensor {
  const target = tf.cast(tf.oneHot(labels, classes), 'float32'); // [N, V]
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
