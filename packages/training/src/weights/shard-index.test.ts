import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseShardIndex } from './shard-index.ts';

const parse = (index: unknown) =>
  parseShardIndex(new TextEncoder().encode(typeof index === 'string' ? index : JSON.stringify(index)), 'the index');

describe('parseShardIndex', () => {
  it('gives the file of every weight, and every file once', () => {
    const { weights, files } = parse({
      metadata: { total_size: 12 },
      weight_map: {
        a: 'model-00002-of-00002.safetensors',
        b: 'model-00001-of-00002.safetensors',
        c: 'model-00002-of-00002.safetensors',
      },
    });
    expect(weights.get('b')).toBe('model-00001-of-00002.safetensors');
    expect(files).toEqual(['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']);
  });

  it.each([
    ['no JSON', '{', 'must be JSON in UTF-8'],
    ['a list', [], 'must have an object weight_map, got nothing'],
    ['a weight_map that is a list', { weight_map: [] }, 'must have an object weight_map, got []'],
    ['no weights', { weight_map: {} }, 'must name a weight, got none'],
    ['a number for a file', { weight_map: { a: 1 } }, 'must name a safetensors file beside it for "a", got 1'],
    ['a way out of the folder', { weight_map: { a: '../secret.safetensors' } }, 'got ../secret.safetensors'],
    ['an absolute path', { weight_map: { a: '/etc/x.safetensors' } }, 'got /etc/x.safetensors'],
    ['a pickle', { weight_map: { a: 'pytorch_model.bin' } }, 'got pytorch_model.bin'],
  ])('refuses %s', (_, index, message) => {
    expect(() => parse(index)).toThrow(`loadWeights: the index ${message.startsWith('must') ? message : ''}`);
    expect(() => parse(index)).toThrow(message);
  });

  it('never does worse than a clear error', () => {
    const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'model.safetensors', '..', 'a/b.safetensors'));
    const index = fc.oneof(
      fc.json(),
      fc.record({ weight_map: fc.oneof(fc.dictionary(name, name), fc.jsonValue()) }).map((x) => JSON.stringify(x)),
    );
    fc.assert(
      fc.property(index, (text) => {
        try {
          return parse(text).files.every((file) => /^[\w.-]+\.safetensors$/.test(file));
        } catch (error) {
          return (error as Error).message.startsWith('loadWeights: the index ');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
