import type * as tf from '@tensorflow/tfjs';

let checking = false;

/** Runs `action` with labels checked: their values are read, which a recorded step cannot do. */
export function checkingLabels<T>(action: () => T): T {
  checking = true;
  try {
    return action();
  } finally {
    checking = false;
  }
}

/** Throws within `checkingLabels` if a label is out of range, in the name of `owner`. @param labels int32 */
export function checkLabels(owner: string, labels: tf.Tensor, classes: number, ignoreIndex?: number): void {
  if (!checking) return;
  for (const [place, label] of labels.dataSync().entries()) {
    if ((label >= 0 && label < classes) || label === ignoreIndex) continue;
    const ignored = ignoreIndex === undefined ? '' : ` or ${ignoreIndex}`;
    throw new Error(`${owner}: labels must be in [0, ${classes})${ignored}, got ${label} at place ${place}`);
  }
}
