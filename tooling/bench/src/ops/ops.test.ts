import { readFileSync } from 'node:fs';
import '@heed/attention-core';
import { expectGradientsToMatchDifferences } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { groups } from './cases/groups.ts';
import { opsTable } from './table.ts';

const path = new URL('../../../../packages/attention-core/OPS.md', import.meta.url);
const table = readFileSync(path, 'utf8');

for (const { title, cases } of groups) {
  describe(`${title}`, () => {
    for (const { name, inputs, f } of cases) {
      const row = table.split('\n').find((line) => line.startsWith(`| ${name} `)) ?? '';
      const column = ['tensorflow', 'wasm', 'cpu'].indexOf(tf.getBackend());
      if (row.split('|')[2 + column]?.trim() !== '✓') continue;
      it(`${name} has the gradients of finite differences`, () => {
        expectGradientsToMatchDifferences(f, inputs());
      });
    }
  });
}

describe('OPS.md', () => {
  it('is what its script writes', async () => {
    expect(await opsTable(table), 'run `npx pnpm@12 --filter @heed/bench ops`').toBe(table);
  }, 300_000);

  it('has nothing wrong but in the column of tfjs alone', () => {
    const cells = table
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .flatMap((line) => line.split('|').slice(2, 5));
    expect(cells.filter((cell) => ['wrong', '?'].includes(cell.trim()))).toEqual([]);
  });
});
