import { describe, expect, it } from 'vitest';
import { RULES, type Tree } from './rules.ts';

const MANIFEST = JSON.stringify({ publishConfig: { exports: { '.': { default: './dist/index.js' } } } });

/** A house of one package in which no rule is broken. */
const SOUND: Readonly<Record<string, string>> = {
  'packages/vision/package.json': MANIFEST,
  'packages/vision/README.md': '# vision',
  'packages/vision/tsconfig.json': '{}',
  'packages/vision/turbo.json': '{}',
  'packages/vision/src/index.ts': "export { ViT, type ViTConfig } from './models/vit/vit.ts';\n",
  'packages/vision/src/models/vit/vit.ts': 'export class ViT {}\n',
  'packages/vision/src/models/vit/vit.test.ts': "it('sees', () => expect(1).toBe(1));\n",
  'packages/vision/examples/digits.ts': 'export default defineExample({});\n',
  'packages/vision/examples/results/digits.ts': 'export default defineResult({});\n',
  'packages/vision/examples/results/digits.json': '{}',
};

function tree(changes: Readonly<Record<string, string | undefined>> = {}): Tree {
  const files = Object.entries({ ...SOUND, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const contents = new Map(files);
  return {
    files: [...contents.keys()],
    read: (path) => contents.get(path)!,
    bytes: (path) => contents.get(path)!.length,
  };
}

/** Per rule, a change to the sound house that breaks it and no other. */
const BREAKS: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  'every package has the same inside': { 'packages/vision/README.md': undefined },
  'no dumping grounds': { 'packages/vision/src/layers/utils.ts': 'export const x = 1;' },
  'a model or dataset is a folder with a file of its name and its test': {
    'packages/vision/src/datasets/digits/digits.ts': 'export const card = {};',
  },
  'a test stands beside its source': {
    'packages/vision/src/layers/patch.test.ts': "it('cuts', () => expect(1).toBe(1));",
  },
  'index.ts holds named re-exports only': { 'packages/vision/src/index.ts': "export * from './models/vit/vit.ts';" },
  'no source is longer than 500 lines': { 'packages/vision/src/layers/long.ts': 'x;\n'.repeat(501) },
  'examples and ledger entries are complete': { 'packages/vision/examples/results/digits.ts': undefined },
  'the source condition is not published': {
    'packages/vision/package.json': MANIFEST.replace('default', '@heed/source'),
  },
  'tests are neither switched off nor singled out': {
    'packages/vision/src/models/vit/vit.test.ts': "it.only('sees', () => expect(1).toBe(1));",
  },
  'fixtures stay small': { 'packages/vision/src/models/vit/vit.golden.safetensors': 'x'.repeat(5 * 1024 * 1024) },
};

describe('the rules of the house', () => {
  it('find nothing in a sound house', () => {
    expect(RULES.flatMap((rule) => rule.violations(tree()))).toEqual([]);
  });

  for (const rule of RULES) {
    it(`see when it is broken that ${rule.name}`, () => {
      const broken = RULES.filter(({ violations }) => violations(tree(BREAKS[rule.name])).length > 0);
      expect(broken.map(({ name }) => name)).toEqual([rule.name]);
    });
  }
});
