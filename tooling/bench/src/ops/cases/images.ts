import * as tf from '@tensorflow/tfjs';
import { ids, on, t4, type OpGroup } from './op-case.ts';

export const images: OpGroup = {
  title: 'Convolution, pooling, images',
  cases: [
    on(
      'conv1d',
      [
        [2, 7, 3],
        [3, 3, 2],
      ],
      (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 1, 'same'),
    ),
    on(
      'conv1d, stride 2',
      [
        [2, 8, 2],
        [3, 2, 3],
      ],
      (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 2, 'same'),
    ),
    on(
      'conv1d, dilated',
      [
        [1, 9, 2],
        [3, 2, 2],
      ],
      (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 1, 'same', 'NWC', 2),
    ),
    on(
      'conv2d',
      [
        [2, 4, 5, 2],
        [3, 3, 2, 3],
      ],
      (x, w) => tf.conv2d(t4(x), t4(w), 1, 'same'),
    ),
    on(
      'conv2d, 1×1',
      [
        [2, 3, 3, 4],
        [1, 1, 4, 2],
      ],
      (x, w) => tf.conv2d(t4(x), t4(w), 1, 'valid'),
    ),
    on(
      'conv2d, stride 2, valid',
      [
        [1, 5, 6, 2],
        [2, 3, 2, 2],
      ],
      (x, w) => tf.conv2d(t4(x), t4(w), [2, 2], 'valid'),
    ),
    on(
      'conv2d, dilated',
      [
        [1, 6, 6, 1],
        [2, 2, 1, 2],
      ],
      (x, w) => tf.conv2d(t4(x), t4(w), 1, 'same', 'NHWC', 2),
    ),
    on(
      'conv2dTranspose',
      [
        [1, 3, 3, 2],
        [3, 3, 2, 2],
      ],
      (x, w) => tf.conv2dTranspose(t4(x), t4(w), [1, 6, 6, 2], 2, 'same'),
    ),
    on(
      'depthwiseConv2d',
      [
        [2, 4, 4, 3],
        [3, 3, 3, 1],
      ],
      (x, w) => tf.depthwiseConv2d(t4(x), t4(w), 1, 'same'),
    ),
    on(
      'depthwiseConv2d, two per channel, stride 2',
      [
        [1, 5, 6, 2],
        [3, 2, 2, 2],
      ],
      (x, w) => tf.depthwiseConv2d(t4(x), t4(w), 2, 'valid'),
    ),
    on(
      'depthwiseConv2d, dilated',
      [
        [1, 6, 6, 2],
        [2, 2, 2, 1],
      ],
      (x, w) => tf.depthwiseConv2d(t4(x), t4(w), 1, 'same', 'NHWC', [2, 1]),
    ),
    on(
      'separableConv2d',
      [
        [1, 4, 4, 2],
        [3, 3, 2, 1],
        [1, 1, 2, 3],
      ],
      (x, d, p) => tf.separableConv2d(t4(x), t4(d), t4(p), 1, 'same'),
    ),
    on(
      'conv3d',
      [
        [1, 3, 3, 3, 1],
        [2, 2, 2, 1, 2],
      ],
      (x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 1, 'same'),
    ),
    on('maxPool', [[1, 4, 4, 3]], (x) => tf.maxPool(t4(x), 2, 2, 'valid')),
    on('maxPool, overlapping', [[1, 5, 5, 1]], (x) => tf.maxPool(t4(x), 3, 2, 'same')),
    on('avgPool', [[1, 4, 4, 3]], (x) => tf.avgPool(t4(x), 2, 2, 'valid')),
    on('avgPool, overlapping', [[1, 5, 5, 1]], (x) => tf.avgPool(t4(x), 3, 2, 'same')),
    on('image.resizeBilinear', [[1, 3, 4, 2]], (x) => tf.image.resizeBilinear(t4(x), [5, 6])),
    on('image.resizeNearestNeighbor', [[1, 3, 4, 2]], (x) => tf.image.resizeNearestNeighbor(t4(x), [6, 8])),
    on('image.cropAndResize', [[1, 4, 4, 1]], (x) =>
      tf.image.cropAndResize(t4(x), tf.tensor2d([[0, 0, 0.9, 0.8]]), ids([0]), [3, 3]),
    ),
  ],
};
