import { describe, expect, it } from 'vitest';
import { RULES, type Tree } from './rules.ts';

const MANIFEST = JSON.stringify({ publishConfig: { exports: { '.': { default: './dist/index.js' } } } });

/** A house of one package and one app in which no rule is broken. */
const SOUND: Readonly<Record<string, string>> = {
  'packages/vision/package.json': MANIFEST,
  'packages/vision/README.md': '# vision',
  'packages/vision/tsconfig.json': '{ "extends": "../../tsconfig.base.json" }',
  'packages/vision/turbo.json': '{}',
  'packages/vision/src/index.ts': "export { ViT, type ViTConfig } from './models/vit/vit.ts';\n",
  'packages/vision/src/models/vit/vit.ts': 'export class ViT {}\n',
  'packages/vision/src/models/vit/vit.test.ts': "it('sees', () => expect(1).toBe(1));\n",
  'packages/vision/src/tasks/image-classifier/image-classifier.ts':
    'export class ImageClassifier extends Task<A, B> {}\n',
  'packages/vision/src/tasks/image-classifier/image-classifier.test.ts':
    "describeTaskContract('ImageClassifier', {});\n",
  'packages/vision/examples/digits.ts': 'export default defineExample({});\n',
  'packages/vision/examples/results/digits.ts': 'export default defineResult({});\n',
  'packages/vision/examples/results/digits.json': '{}',
  'packages/vision/examples/tsconfig.json': '{ "extends": "../../../tsconfig.base.json" }',
  'apps/docs/package.json': '{ "private": true }',
  'apps/docs/README.md': '# docs',
  'apps/docs/tsconfig.json': '{ "extends": "../../tsconfig.base.json" }',
  'apps/docs/turbo.json': '{}',
  'apps/docs/src/demo/demo.ts': 'export const demo = 1;\n',
  'apps/docs/src/demo/demo.test.ts': "it('runs', () => expect(1).toBe(1));\n",
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
  'every package and app has the same inside': { 'packages/vision/README.md': undefined },
  'every package and app extends tsconfig.base.json': { 'packages/vision/tsconfig.json': '{}' },
  'no dumping grounds': { 'packages/vision/src/layers/utils.ts': 'export const x = 1;' },
  'a model or dataset is a folder with a file of its name and its test': {
    'packages/vision/src/datasets/digits/digits.ts': 'export const card = {};',
  },
  'a test stands beside its source': {
    'packages/vision/src/layers/patch.test.ts': "it('cuts', () => expect(1).toBe(1));",
  },
  'a task is a folder with a file of its name, short, and held to the contract': {
    'packages/vision/src/tasks/image-classifier/image-classifier.test.ts': "it('sees', () => expect(1).toBe(1));",
  },
  'a Module stands in models or layers': {
    'packages/vision/src/tasks/image-classifier/head.ts': 'export class Head extends Module {}\n',
  },
  'texts are taken as Python takes them': {
    'packages/vision/src/metrics/caption-match.ts': 'export const words = (text: string) => text.split(/\\s+/);',
  },
  'a reader of foreign bytes is in the list of CONTRIBUTING': {
    'packages/vision/src/layers/read.ts': 'export const read = (text: string) => JSON.parse(text);\n',
  },
  'workflow actions are pinned by commit': { '.github/workflows/ci.yml': 'steps:\n  - uses: actions/checkout@v5\n' },
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

  const breaksInApps: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
    'every package and app has the same inside': { 'apps/docs/turbo.json': undefined },
    'every package and app extends tsconfig.base.json': { 'apps/docs/tsconfig.json': '{}' },
    'a test stands beside its source': { 'apps/docs/src/lost/page.test.ts': "it('runs', () => expect(1).toBe(1));" },
    'no dumping grounds': { 'apps/docs/src/helpers/page.ts': 'export const x = 1;' },
    'the source condition is not published': { 'apps/docs/package.json': '{}' },
  };
  for (const [name, change] of Object.entries(breaksInApps)) {
    it(`see in an app when it is broken that ${name}`, () => {
      const broken = RULES.filter(({ violations }) => violations(tree(change)).length > 0);
      expect(broken.map((rule) => rule.name)).toEqual([name]);
    });
  }
});
