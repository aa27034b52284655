import { describe, expect, it } from 'vitest';
import { linearRules, mapWeights, plainNames, sameRules, type NameMap } from './name-map.ts';

const map: NameMap = {
  rules: [
    ...linearRules('layers.{n}.{part}', 'encoder.layer.{n}.self.{part}'),
    ...sameRules('norm', 'LayerNorm'),
    { ours: ['{n}.q.weight', '{n}.k.weight'], theirs: 'h.{n}.qk', axis: 1 },
  ],
  prefixes: ['bert.'],
  aliases: [[/\.gamma$/, '.weight']],
};

describe('mapWeights', () => {
  it('fills placeholders from one side into the other', () => {
    expect(mapWeights(map, ['layers.11.query.weight', 'layers.11.query.bias', 'norm.bias'])).toEqual([
      { theirs: 'encoder.layer.11.self.query.weight', ours: ['layers.11.query.weight'], axes: [1, 0], axis: 0 },
      { theirs: 'encoder.layer.11.self.query.bias', ours: ['layers.11.query.bias'], axes: undefined, axis: 0 },
      { theirs: 'LayerNorm.bias', ours: ['norm.bias'], axes: undefined, axis: 0 },
    ]);
  });

  it('gathers the parts of one published weight, whichever comes first', () => {
    const parts = { theirs: 'h.3.qk', ours: ['3.q.weight', '3.k.weight'], axes: undefined, axis: 1 };
    expect(mapWeights(map, ['3.k.weight', '3.q.weight'])).toEqual([parts]);
  });

  it('a placeholder stands for one part of a name only', () => {
    expect(() => mapWeights(map, ['layers.1.a.b.weight'])).toThrow(
      'NameMap: there must be a rule for every weight, got none for "layers.1.a.b.weight"',
    );
  });

  it('refuses a published weight of which a part is not there', () => {
    expect(() => mapWeights(map, ['3.q.weight'])).toThrow(
      'NameMap: "3.q.weight" must come with its other parts, got no 3.k.weight',
    );
  });

  it('refuses a rule whose sides have other placeholders', () => {
    expect(() => mapWeights({ rules: [{ ours: '{a}', theirs: '{b}' }] }, ['x'])).toThrow(
      '"{b}" must use placeholders of its other side, got {b}',
    );
  });

  it('characters of a rule stand for themselves', () => {
    expect(() => mapWeights({ rules: [{ ours: 'a.b', theirs: 'c' }] }, ['axb'])).toThrow('got none for "axb"');
  });
});

describe('plainNames', () => {
  it('takes away the prefix that the file has, and gives old names new', () => {
    const wanted = ['LayerNorm.weight'];
    expect(plainNames(map, ['bert.LayerNorm.gamma', 'cls.x'], wanted).get('LayerNorm.weight')).toBe(
      'bert.LayerNorm.gamma',
    );
    expect(plainNames(map, ['LayerNorm.gamma'], wanted).get('LayerNorm.weight')).toBe('LayerNorm.gamma');
  });
});
