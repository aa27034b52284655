import * as tf from '@tensorflow/tfjs';
import type { KernelExtent } from './padding.ts';

/** Where the places of a kernel look, in an input of `length` positions. */
interface Places {
  /** Positions of the output. */
  readonly outputs: number;
  /** Positions of the input, rounded up to whole strides, that each place's slice is taken from. */
  readonly strides: number;
}

function placesOf(length: number, { kernel, stride, dilation }: KernelExtent): Places {
  const reach = (kernel - 1) * dilation;
  return { outputs: Math.floor((length - reach - 1) / stride) + 1, strides: Math.ceil(length / stride) };
}

/** Where the slice of a place begins once positions are laid out by strides: [row, first channel]. */
function beginning(place: number, channels: number, { stride, dilation }: KernelExtent): [number, number] {
  const offset = place * dilation;
  return [Math.floor(offset / stride), (offset % stride) * channels];
}

/**
 * What a kernel sees at each position of its output, side by side: with it a convolution is one matrix product.
 *
 * @param x [B, T, C], as long as the kernel at least
 * @returns [B, outputs, kernel · C]
 */
export function sequencePatches(x: tf.Tensor, extent: KernelExtent): tf.Tensor {
  const [batch, length, channels] = x.shape;
  const { outputs, strides } = placesOf(length, extent);
  if (extent.kernel === 1 && extent.stride === 1) return x;
  const byStride = layOut(x, strides, extent.stride); // [B, strides, stride · C]
  const slices = Array.from({ length: extent.kernel }, (_, place) => {
    const [row, channel] = beginning(place, channels, extent);
    return tf.slice(byStride, [0, row, channel], [batch, outputs, channels]);
  });
  return slices.length === 1 ? slices[0] : tf.concat(slices, 2);
}

/** [B, T, C] → [B, strides, stride · C], with zeros behind */
function layOut(x: tf.Tensor, strides: number, stride: number): tf.Tensor {
  const [batch, length, channels] = x.shape;
  if (stride === 1) return x;
  const behind = strides * stride - length;
  const whole =
    behind === 0
      ? x
      : tf.pad(x, [
          [0, 0],
          [0, behind],
          [0, 0],
        ]);
  return tf.reshape(whole, [batch, strides, stride * channels]);
}

/**
 * The gradient of `sequencePatches`: what each position got from the places that saw it, added up.
 *
 * @param dy [B, outputs, kernel · C]
 * @returns [B, length, C]
 */
export function gatherPatches(dy: tf.Tensor, length: number, extent: KernelExtent): tf.Tensor {
  const { kernel, stride } = extent;
  if (kernel === 1 && stride === 1) return dy;
  const [batch, outputs] = dy.shape;
  const channels = dy.shape[2]! / kernel;
  const { strides } = placesOf(length, extent);
  const parts = Array.from({ length: kernel }, (_, place) => {
    const [row, channel] = beginning(place, channels, extent);
    return tf.pad(tf.slice(dy, [0, 0, place * channels], [batch, outputs, channels]), [
      [0, 0],
      [row, strides - row - outputs],
      [channel, (stride - 1) * channels - channel],
    ]); // [B, strides, stride · C]
  });
  const whole = tf.reshape(parts.length === 1 ? parts[0] : tf.addN(parts), [batch, strides * stride, channels]);
  return strides * stride === length ? whole : tf.slice(whole, [0, 0, 0], [batch, length, channels]);
}
