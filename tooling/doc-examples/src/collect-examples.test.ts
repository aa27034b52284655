import { expect, it } from 'vitest';
import { collectExamples } from './collect-examples.ts';

it('takes the blocks of docstrings, without their margin', () => {
  const source =
    'const x = 1;\n  /**\n   * Doubles.\n   *\n   * ```ts\n   * const y = f(\n   *   2,\n   * );\n   *\n   * y;\n   * ```\n   */\n';
  expect(collectExamples('a.ts', source)).toEqual([{ place: 'a.ts:5', code: 'const y = f(\n  2,\n);\n\ny;\n' }]);
});

it('takes the TypeScript blocks of Markdown and no others', () => {
  const text = '# A\n```sh\nnpm i\n```\n\n```ts\nconst z = 3;\n```\n```ts\nz;\n```\n';
  expect(collectExamples('README.md', text).map(({ code }) => code)).toEqual(['const z = 3;\n', 'z;\n']);
});
