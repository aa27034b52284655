import * as tf from '@tensorflow/tfjs';
import { ids, on, t4, type OpGroup } from './op-case.ts';

export const shapes: OpGroup = {
  title: 'Shapes, selection, segments',
  cases: [
    on('reshape', [[2, 3, 4]], (x) => tf.reshape(x, [4, 6])),
    on('transpose', [[2, 3, 4]], (x) => tf.transpose(x, [2, 0, 1])),
    on('transpose, rank 4', [[2, 3, 2, 2]], (x) => tf.transpose(x, [0, 2, 1, 3])),
    on(
      'concat',
      [
        [2, 3],
        [2, 2],
      ],
      (a, b) => tf.concat([a, b], 1),
    ),
    on(
      'stack',
      [
        [2, 3],
        [2, 3],
      ],
      (a, b) => tf.stack([a, b], 1),
    ),
    on('unstack', [[3, 4]], (x) => tf.unstack(x, 1)[2]),
    on('split', [[3, 6]], (x) => tf.split(x, [2, 4], 1)[1]),
    on('slice', [[3, 6]], (x) => tf.slice(x, [1, 2], [2, 3])),
    on('stridedSlice', [[3, 6]], (x) => tf.stridedSlice(x, [0, 1], [3, 6], [1, 2])),
    on('tile', [[2, 3]], (x) => tf.tile(x, [2, 2])),
    on('broadcastTo', [[2, 1, 3]], (x) => tf.broadcastTo(x, [2, 4, 3])),
    on('pad', [[2, 3]], (x) =>
      tf.pad(x, [
        [1, 0],
        [0, 2],
      ]),
    ),
    on('mirrorPad', [[3, 4]], (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 1],
          [2, 0],
        ],
        'reflect',
      ),
    ),
    on('reverse', [[2, 4]], (x) => tf.reverse(x, 1)),
    on('expandDims and squeeze', [[2, 3]], (x) => tf.squeeze(tf.expandDims(x, 1))),
    on('gather', [[4, 3]], (x) => tf.gather(x, ids([3, 0, 3, 1, 3]))),
    on('gather by a matrix', [[4, 3]], (x) =>
      tf.gather(
        x,
        tf.tensor2d(
          [
            [3, 0],
            [1, 3],
          ],
          [2, 2],
          'int32',
        ),
      ),
    ),
    on('gather along axis 1', [[2, 4, 2]], (x) => tf.gather(x, ids([2, 2, 0]), 1)),
    on('gather in batches', [[2, 4]], (x) =>
      tf.gather(
        x,
        tf.tensor2d(
          [
            [3, 0],
            [1, 1],
          ],
          [2, 2],
          'int32',
        ),
        1,
        1,
      ),
    ),
    on('gatherND', [[3, 4]], (x) =>
      tf.gatherND(
        x,
        tf.tensor2d(
          [
            [0, 1],
            [2, 3],
          ],
          [2, 2],
          'int32',
        ),
      ),
    ),
    on('scatterND', [[3]], (x) => tf.scatterND(tf.tensor2d([[4], [1], [0]], [3, 1], 'int32'), x, [6])),
    on('tensorScatterUpdate', [[6], [2]], (x, y) =>
      tf.tensorScatterUpdate(x, tf.tensor2d([[4], [1]], [2, 1], 'int32'), y),
    ),
    on('unsortedSegmentSum', [[5, 3]], (x) => tf.unsortedSegmentSum(x as tf.Tensor2D, ids([2, 0, 2, 1, 0]), 4)),
    on('batchToSpaceND', [[4, 2, 1]], (x) => tf.batchToSpaceND(x, [2], [[0, 0]])),
    on('spaceToBatchND', [[2, 4, 1]], (x) => tf.spaceToBatchND(x, [2], [[0, 0]])),
    on('depthToSpace', [[1, 2, 2, 4]], (x) => tf.depthToSpace(t4(x), 2)),
    on('oneHot', [[4]], (x) => tf.oneHot(tf.cast(tf.abs(x), 'int32'), 3)),
  ],
};
