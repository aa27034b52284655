import * as tf from '@tensorflow/tfjs';

/** Makes plain JavaScript the backend: always there, and slow. */
export async function startCpu(): Promise<string> {
  await tf.setBackend('cpu');
  // tfjs recommends tfjs-node with a banner at first use; startBackend has said what to do in one line.
  Object.assign(tf.backend(), { firstUse: false });
  return `tfjs ${tf.version.tfjs}`;
}
