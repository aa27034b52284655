import { readSafetensors, writeMapsFile, writeSafetensors } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/** 12 layers of 12 heads over 512 tokens, every row uniform over the tokens before it. */
export function largeMaps(): Promise<Uint8Array> {
  const tokens = Array.from({ length: 512 }, (_, i) => `token ${i}`);
  const rows = new Float32Array(512 * 512);
  for (let q = 0; q < 512; q++) rows.fill(1 / (q + 1), 512 * q, 512 * q + q + 1);
  const weights = tf.tile(tf.tensor3d(rows, [1, 512, 512]), [12, 1, 1]);
  return writeMapsFile(
    Array.from({ length: 12 }, (_, i) => ({ name: `layer ${i}`, weights, rows: tokens, columns: tokens })),
  );
}

/** Files that a stranger might open, and what the explorer says of each. */
export async function brokenMaps(): Promise<{ name: string; bytes: Uint8Array; says: string }[]> {
  const labels = ['a', 'b'];
  const write = (weights: number[][][], rows = labels) =>
    writeMapsFile([{ name: 'self', weights: tf.tensor3d(weights), rows, columns: labels }]);
  const whole = await write([
    [
      [0.5, 0.5],
      [0.5, 0.5],
    ],
  ]);
  const markup = '<img src=x onerror="window.pwned=1">';
  const shapes = await writeSafetensors(
    { 'maps.0': tf.zeros([2, 2]) },
    {
      metadata: {
        format: 'heed-attention-maps',
        version: '1',
        maps: JSON.stringify([{ name: 'x', rows: labels, columns: labels }]),
      },
    },
  );
  readSafetensors(shapes); // whole, and no maps file
  return [
    { name: 'a file that is cut', bytes: whole.slice(0, whole.length - 5), says: 'must' },
    { name: 'text', bytes: new TextEncoder().encode('hello, I am no maps file at all'), says: 'must' },
    { name: 'weights of another shape', bytes: shapes, says: 'must be [heads, rows, columns]' },
    {
      name: 'weights that are no numbers',
      bytes: await write([
        [
          [NaN, 1],
          [0, 1],
        ],
      ]),
      says: 'must be finite, got NaN at [0, 0]',
    },
    {
      name: 'nothing of rows that do not sum to 1, and says so',
      bytes: await write([
        [
          [0.5, 0.1],
          [0, 1],
        ],
      ]),
      says: '1 of 2 rows',
    },
    {
      name: 'to run markup in labels',
      bytes: await write(
        [
          [
            [0.5, 0.5],
            [0, 1],
          ],
        ],
        [markup, 'b'],
      ),
      says: `${markup} to a: 0.500`,
    },
    { name: 'a file of 2 GB', bytes: whole, says: 'has 2.0 GB; the explorer opens files of at most 1.5 GB' },
  ];
}
