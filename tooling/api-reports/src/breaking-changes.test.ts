import { describe, expect, it } from 'vitest';
import { brokenLines, plannedBumps, undeclaredBreaks } from './breaking-changes.ts';

const report = (...lines: string[]) =>
  `## API Report\n\n\`\`\`ts\n\nimport * as tf from 'tf';\n\n// @public\n${lines.join('\n')}\n\`\`\`\n`;
const released = report(
  'export function linear(x: tf.Tensor): tf.Tensor;',
  'export class Linear {',
  '    weight: tf.Variable;',
  '}',
);

describe('breaking changes of a public API', () => {
  it('are lines that are gone or of another type', () => {
    const changed = report(
      'export function linear(x: tf.Tensor, bias: tf.Tensor): tf.Tensor;',
      'export class Linear {',
      '}',
    );
    expect(brokenLines(released, changed)).toEqual([
      'export function linear(x: tf.Tensor): tf.Tensor;',
      'weight: tf.Variable;',
    ]);
  });

  it('are not lines that are added or moved', () => {
    const more = report(
      'export class Linear {',
      '    bias: tf.Variable;',
      '    weight: tf.Variable;',
      '}',
      'export function linear(x: tf.Tensor): tf.Tensor;',
    );
    expect(brokenLines(released, more)).toEqual([]);
  });

  it('need a minor changeset in 0.x and a major one after', () => {
    const current = report('export class Linear {', '    weight: tf.Variable;', '}');
    const check = (version: string, bump: string) =>
      undeclaredBreaks(
        [{ name: '@heed/x', version, released, current }],
        plannedBumps([`---\n'@heed/x': ${bump}\n---\n\nText\n`]),
      ).length;
    expect([
      check('0.3.1', 'patch'),
      check('0.3.1', 'minor'),
      check('1.0.0', 'minor'),
      check('1.0.0', 'major'),
    ]).toEqual([1, 0, 1, 0]);
    expect(undeclaredBreaks([{ name: '@heed/x', version: '0.3.1', released, current }], new Map())[0]).toContain(
      '@heed/x 0.3.1: a breaking change needs a minor changeset, got none; gone from the API:\n    export function linear(x: tf.Tensor): tf.Tensor;',
    );
  });

  it('count the largest bump of several changesets', () => {
    const planned = plannedBumps([
      "---\n'@heed/x': minor\n'@heed/y': patch\n---\n\na",
      '---\n"@heed/x": patch\n---\n\nb',
    ]);
    expect(Object.fromEntries(planned)).toEqual({ '@heed/x': 'minor', '@heed/y': 'patch' });
  });

  it('cannot be made by a package that was never released', () => {
    expect(
      undeclaredBreaks([{ name: '@heed/x', version: '0.0.0', released: undefined, current: report() }], new Map()),
    ).toEqual([]);
  });
});
