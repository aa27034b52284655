import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeModel } from './make-model.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'heed-create-'));
  mkdirSync(join(root, 'packages/vision/examples'), { recursive: true });
  mkdirSync(join(root, 'packages/vision/src'));
  writeFileSync(join(root, 'packages/vision/examples/package.json'), '{}');
  writeFileSync(join(root, 'packages/vision/src/index.ts'), "export { ViT } from './models/vit/vit.ts';\n");
});
afterEach(() => rmSync(root, { recursive: true }));

const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('create-model', () => {
  it('writes model, test, example, ledger entry and changeset under the names of the house, and exports the model', () => {
    const files = makeModel(root, 'vision', 'swin-lite');
    expect(files).toEqual([
      'packages/vision/src/models/swin-lite/swin-lite.ts',
      'packages/vision/src/models/swin-lite/swin-lite.test.ts',
      'packages/vision/examples/swin-lite.ts',
      'packages/vision/examples/results/swin-lite.ts',
      '.changeset/vision-swin-lite.md',
      'packages/vision/src/index.ts',
      'packages/vision/examples/package.json',
    ]);
    expect(read(files[0])).toContain('export class SwinLite extends Module');
    expect(read(files[4])).toContain("'@heed/vision': minor");
    expect(read(files[5])).toContain(
      "export { createSwinLite, SwinLite, type SwinLiteBatch, type SwinLiteConfig } from './models/swin-lite/swin-lite.ts';",
    );
    expect(files.filter((file) => read(file).includes('{{'))).toEqual([]);
    expect(JSON.parse(read(files[6]))).toEqual({
      dependencies: {
        '@heed/attention-core': 'workspace:^',
        '@heed/node': 'workspace:^',
        '@heed/training': 'workspace:^',
        '@tensorflow/tfjs': 'catalog:',
      },
    });
    expect(makeModel(root, 'vision', 'cait')).not.toContain('packages/vision/examples/package.json');
  });

  it('refuses an unknown domain, a name that is not kebab-case, and a model that exists, and writes nothing then', () => {
    expect(() => makeModel(root, 'cooking', 'soup')).toThrow('domain must be a package with examples, got cooking');
    expect(() => makeModel(root, 'vision', 'SwinLite')).toThrow('name must be kebab-case, got SwinLite');
    makeModel(root, 'vision', 'swin');
    const before = read('packages/vision/src/index.ts');
    expect(() => makeModel(root, 'vision', 'swin')).toThrow(
      'a new model must have a new name, got swin (packages/vision/src/models/swin/swin.ts exists)',
    );
    expect(read('packages/vision/src/index.ts')).toBe(before);
  });
});
