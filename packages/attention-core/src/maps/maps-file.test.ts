import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../safetensors/write-safetensors.ts';
import golden from './maps-file.golden.json' with { type: 'json' };
import { readMapsFile, writeMapsFile } from './maps-file.ts';

const rows = ['Hund', 'läuft'];
const columns = ['a', 'dog', 'runs'];
const weights = tf.tensor3d([
  [
    [0.5, 0.5, 0],
    [0, 0.25, 0.75],
  ],
  [
    [1, 0, 0],
    [0, 0, 1],
  ],
]);
const metadata = (maps: unknown, change: Record<string, string> = {}) => ({
  format: 'heed-attention-maps',
  version: '1',
  maps: typeof maps === 'string' ? maps : JSON.stringify(maps),
  ...change,
});

describe('a maps file', () => {
  it('gives back names, labels and the weights of each head and of their mean', async () => {
    const file = readMapsFile(await writeMapsFile([{ name: 'cross', weights, rows, columns }]));
    expect(file.maps).toEqual([{ name: 'cross', heads: 2, rows, columns }]);
    expect([...file.weights(0, 1)]).toEqual([1, 0, 0, 0, 0, 1]);
    expect([...file.weights(0, 'mean')]).toEqual([0.75, 0.25, 0, 0, 0.125, 0.875]);
  });

  it('reads what Python wrote of a BERT: the same numbers', () => {
    const file = readMapsFile(new Uint8Array(readFileSync(new URL('maps-file.golden.safetensors', import.meta.url))));
    expect(file.maps.map(({ name, heads }) => [name, heads])).toEqual([
      ['layer 0', 2],
      ['layer 1', 2],
    ]);
    for (const [layer, heads] of golden.layers.entries()) {
      expect(file.maps[layer].rows).toEqual(golden.labels);
      for (const [head, expected] of heads.entries()) {
        expect(tf.tensor1d(file.weights(layer, head))).toBeAllClose(expected.flat(), { absolute: 1e-6, relative: 0 });
      }
    }
  });

  it.each([
    [metadata([], { format: 'pt' }), 'format must be heed-attention-maps, got "pt"'],
    [metadata([], { version: '2' }), 'the version must be 1, got "2"'],
    [metadata('{'), 'must be a JSON list, got other text'],
    [metadata([]), 'at least one map, got none'],
    [metadata([{ name: 'x', rows, columns: [1, 2, 3] }]), 'got another at 0'],
    [metadata([{ name: 'x', rows, columns: ['a'.repeat(1001), 'b', 'c'] }]), 'got another at 0'],
    [metadata([{ name: 'x', rows: columns, columns: rows }]), 'with 3 rows and 2 columns, got [2, 2, 3]'],
    [
      metadata([
        { name: 'x', rows, columns },
        { name: 'y', rows, columns },
      ]),
      'map 1 must have a tensor maps.1',
    ],
  ])('refuses metadata %j', async (broken, message) => {
    const bytes = await writeSafetensors({ 'maps.0': weights }, { metadata: broken });
    expect(() => readMapsFile(bytes)).toThrow(message);
  });

  it('refuses weights that are not finite, and heads and layers that are not there', async () => {
    const broken = tf.tensor3d([[[0.5, NaN]]]);
    const file = readMapsFile(await writeMapsFile([{ name: 'x', weights: broken, rows: ['q'], columns: ['a', 'b'] }]));
    expect(() => file.weights(0, 0)).toThrow('weights of "x" must be finite, got NaN at [0, 1]');
    expect(() => file.weights(0, 1)).toThrow('head must be an integer below 1, got 1');
    expect(() => file.weights(1, 0)).toThrow('layer must be below 1, got 1');
  });

  it('refuses to write labels that do not fit', async () => {
    await expect(writeMapsFile([{ name: 'x', weights, rows: columns, columns }])).rejects.toThrow(
      'writeMapsFile: weights of "x" must be [heads, rows, columns] with 3 rows and 3 columns, got [2, 2, 3]',
    );
  });
});
