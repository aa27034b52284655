import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFromTemplates } from './make-from-templates.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'heed-create-'));
  mkdirSync(join(root, 'packages/vision/examples'), { recursive: true });
  mkdirSync(join(root, 'packages/vision/src'));
  writeFileSync(join(root, 'packages/vision/examples/package.json'), '{}');
  writeFileSync(join(root, 'packages/vision/package.json'), '{}');
  writeFileSync(join(root, 'packages/vision/src/index.ts'), "export { ViT } from './models/vit/vit.ts';\n");
});
afterEach(() => rmSync(root, { recursive: true }));

const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('makeFromTemplates', () => {
  it('writes model, test, example, ledger entry and changeset under the names of the house, and exports the model', () => {
    const files = makeFromTemplates(root, 'model', 'vision', 'swin-lite');
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
    expect(makeFromTemplates(root, 'model', 'vision', 'cait')).not.toContain('packages/vision/examples/package.json');
  });

  it('refuses an unknown domain, a name that is not kebab-case, and a model that exists, and writes nothing then', () => {
    expect(() => makeFromTemplates(root, 'model', 'cooking', 'soup')).toThrow(
      'create-model: domain must be a package, got cooking',
    );
    expect(() => makeFromTemplates(root, 'model', 'vision', 'SwinLite')).toThrow(
      'name must be kebab-case, got SwinLite',
    );
    makeFromTemplates(root, 'model', 'vision', 'swin');
    const before = read('packages/vision/src/index.ts');
    expect(() => makeFromTemplates(root, 'model', 'vision', 'swin')).toThrow(
      'a new model must have a new name, got swin (packages/vision/src/models/swin/swin.ts exists)',
    );
    expect(read('packages/vision/src/index.ts')).toBe(before);
  });

  it('writes a task with its model, its config beside it', () => {
    const files = makeFromTemplates(root, 'task', 'vision', 'mood-teller');
    expect(files).toContain('packages/vision/src/tasks/mood-teller/mood-teller-config.ts');
    expect(read('packages/vision/src/tasks/mood-teller/mood-teller.ts')).toContain(
      'export class MoodTeller extends Task<',
    );
    expect(read('packages/vision/src/models/mood-teller-model/mood-teller-model.ts')).toContain(
      'class MoodTellerModel extends Module',
    );
    expect(read('packages/vision/package.json')).toContain('"@heed/tasks": "workspace:^"');
  });

  it('writes a dataset: its card, its reader, and its row among the readers of foreign bytes', () => {
    const table = '## Readers of foreign bytes\n\n| reader | reads |\n| --- | --- |\n| `a` | b |\n';
    writeFileSync(join(root, 'CONTRIBUTING.md'), `${table}\n## Kinds of fault\n\n| kind |\n| --- |\n| c |\n`);
    expect(makeFromTemplates(root, 'dataset', 'vision', 'street-signs')).toContain('CONTRIBUTING.md');
    expect(read('CONTRIBUTING.md').split('\n').slice(4, 8)).toEqual([
      '| `a` | b |',
      "| `vision/src/datasets/street-signs/` | a data set | the card's sums | own tests |",
      '',
      '## Kinds of fault',
    ]);
    const dataset = read('packages/vision/src/datasets/street-signs/street-signs.ts');
    expect(dataset).toContain('export const streetSigns: DatasetCard');
    expect(dataset).toContain('export async function readStreetSigns(');
  });

  it('writes a domain with its first task, and refuses one that exists', () => {
    const files = makeFromTemplates(root, 'domain', 'weather', 'rain-classifier');
    expect(JSON.parse(read('packages/weather/package.json'))).toMatchObject({ name: '@heed/weather' });
    expect(files.filter((file) => read(file).includes('{{'))).toEqual([]);
    expect(() => makeFromTemplates(root, 'domain', 'vision', 'swin')).toThrow(
      'create-domain: a new domain must have a new name, got vision',
    );
  });
});
