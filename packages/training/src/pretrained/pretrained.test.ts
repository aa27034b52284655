import { LayerNorm, Linear, Module, Random, readSafetensors, writeSafetensors } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Folder } from '../folders/folder.ts';
import { memoryFolder } from '../folders/memory-folder.ts';
import { linearRules, sameRules, type NameMap } from './name-map.ts';
import { loadPretrained, makeFor, readConfig, savePretrained } from './pretrained.ts';

/** A body with a fused projection, as GPT-2 has it, and a head. */
class Model extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly dense: Linear;
  readonly norm: LayerNorm;
  readonly head: Linear;

  constructor(seed: number) {
    super();
    const random = new Random(seed);
    this.query = new Linear({ inputs: 2, outputs: 3, bias: false, random });
    this.key = new Linear({ inputs: 2, outputs: 1, bias: false, random });
    this.dense = new Linear({ inputs: 3, outputs: 2, random });
    this.norm = new LayerNorm({ width: 2 });
    this.head = new Linear({ inputs: 2, outputs: 2, random });
  }
}

const names: NameMap = {
  rules: [
    { ours: ['query.weight', 'key.weight'], theirs: 'attn.c_attn.weight', axis: 1 },
    ...linearRules('dense', 'output.dense'),
    ...sameRules('norm', 'ln'),
    ...linearRules('head', 'classifier'),
  ],
  prefixes: ['body.'],
  ignored: [/position_ids$/],
  aliases: [
    [/\.gamma$/, '.weight'],
    [/\.beta$/, '.bias'],
  ],
};

const published = () => ({
  'body.attn.c_attn.weight': tf.tensor2d([
    [1, 2, 3, 10],
    [4, 5, 6, 20],
  ]),
  'body.output.dense.weight': tf.tensor2d([
    [1, 2, 3],
    [4, 5, 6],
  ]),
  'body.output.dense.bias': tf.tensor1d([7, 8]),
  'body.ln.gamma': tf.tensor1d([2, 3]),
  'body.ln.beta': tf.tensor1d([4, 5]),
  'body.position_ids': tf.tensor1d([0, 1], 'int32'),
  'classifier.weight': tf.tensor2d([
    [1, 0],
    [2, 1],
  ]),
  'classifier.bias': tf.tensor1d([0, 1]),
});

async function folderOf(tensors: Record<string, tf.Tensor>): Promise<Folder> {
  const folder = memoryFolder('there');
  await folder.write('model.safetensors', await writeSafetensors(tensors));
  return folder;
}

const all = (model: Model) =>
  Object.fromEntries(model.namedParameters().map(({ name, variable }) => [name, variable.arraySync()]));

describe('loadPretrained', () => {
  it('renames, transposes and splits published weights', async () => {
    const model = new Model(1);
    const loaded = await loadPretrained(await folderOf(published()), model, names);
    expect(loaded).toEqual({ missing: [], ignored: ['position_ids'] });
    expect(all(model)).toEqual({
      'query.weight': [
        [1, 2, 3],
        [4, 5, 6],
      ],
      'key.weight': [[10], [20]],
      'dense.weight': [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
      'dense.bias': [7, 8],
      'norm.weight': [2, 3],
      'norm.bias': [4, 5],
      'head.weight': [
        [1, 2],
        [0, 1],
      ],
      'head.bias': [0, 1],
    });
  });

  it('leaves a new head on a published body, when told that it may be missing', async () => {
    const { 'classifier.weight': _weight, 'classifier.bias': _bias, ...body } = published();
    const model = new Model(1);
    const before = all(model);
    const loaded = await loadPretrained(await folderOf(body), model, names, { optional: [/^head\./] });
    expect(loaded.missing).toEqual(['head.weight', 'head.bias']);
    expect(all(model)['head.weight']).toEqual(before['head.weight']);
    expect(all(model)['dense.bias']).toEqual([7, 8]);
  });

  it('names all weights that are missing, unexpected or misshapen, and leaves the model as it was', async () => {
    const { 'classifier.bias': _bias, ...rest } = published();
    const wrong = {
      ...rest,
      'body.output.dense.bias': tf.ones([3]),
      'body.ln.gamma': tf.ones([2], 'int32'),
      pooler: tf.scalar(1),
    };
    const model = new Model(1);
    const before = all(model);
    await expect(loadPretrained(await folderOf(wrong), model, names)).rejects.toThrow(
      'loadPretrained: the weights in there must fit the model; missing: classifier.bias; not expected: pooler; ' +
        'of another shape or type: output.dense.bias (needs float32 [2], got F32 [3]), ln.weight (needs float32 [2], got I32 [2])',
    );
    expect(all(model)).toEqual(before);
  });

  it('leaves no tensors behind', async () => {
    const [folder, model] = [await folderOf(published()), new Model(1)];
    const before = tf.memory().numTensors;
    await loadPretrained(folder, model, names);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('makeFor', () => {
  const linear = (inputs: number) => () => new Linear({ inputs, outputs: inputs, random: new Random(1) });
  const one = { rules: ['weight', 'bias'].map((name) => ({ ours: name, theirs: name })) };

  it('makes a model for weights that are then not read again', async () => {
    const folder = memoryFolder();
    const saved = linear(3)();
    await savePretrained(folder, { model: saved, names: one, config: {} });
    let reads = 0;
    const counted: Folder = { ...folder, read: (name) => (reads++, folder.read(name)) };
    const model = await makeFor(counted, linear(3));
    await loadPretrained(counted, model, one);
    expect([...model.weight.dataSync()]).toEqual([...saved.weight.dataSync()]);
    expect(reads).toBe(1);
  });

  it.each([
    ['a width of 20,000', linear(20_000)],
    ['100,000 layers', () => Array.from({ length: 100_000 }, linear(8))],
  ])('refuses a config of %s for weights of a width of 3, and leaves nothing', async (_, make) => {
    const folder = memoryFolder('here');
    await savePretrained(folder, { model: linear(3)(), names: one, config: {} });
    const before = tf.memory().numTensors;
    await expect(makeFor<unknown>(folder, make)).rejects.toThrow(
      'makeFor: config.json in here must be of the weights beside it: withWeightLimit: a model must be no larger',
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a file that can be read once only', () => {
  it('leaves the model as it was', async () => {
    const folder = memoryFolder('there');
    await savePretrained(folder, { model: new Model(2), names, config: {}, maxShardBytes: 24 });
    const model = new Model(1);
    const before = all(model);
    const seen = new Map<string, number>();
    const failing: Folder = {
      ...folder,
      async read(name) {
        seen.set(name, (seen.get(name) ?? 0) + 1);
        if (name.startsWith('model-00002') && seen.get(name)! > 1) throw new Error('EIO');
        return folder.read(name);
      },
    };
    const tensors = tf.memory().numTensors;
    await expect(loadPretrained(failing, model, names)).rejects.toThrow('EIO');
    expect(Math.max(...seen.values())).toBe(2);
    expect(all(model)).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
    await loadPretrained(folder, model, names);
    expect(all(model)).toEqual(all(new Model(2)));
  });
});

describe('savePretrained', () => {
  const save = (folder: Folder, model: Model, more: object = {}) =>
    savePretrained(folder, {
      model,
      names,
      config: { model_type: 'test' },
      files: { 'tokenizer.json': '{}' },
      ...more,
    });

  it('writes published names and layouts, config and further files', async () => {
    const [folder, model] = [memoryFolder(), new Model(1)];
    await loadPretrained(await folderOf(published()), model, names);
    await save(folder, model);
    expect(await folder.list()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    expect(await readConfig(folder)).toEqual({ model_type: 'test' });
    const file = readSafetensors(await folder.read('model.safetensors'));
    expect(file.metadata).toEqual({ format: 'pt' });
    const written = Object.fromEntries(
      [...file.entries].map(([name, { shape }]) => [name, [shape, Array.from(file.data(name))]]),
    );
    expect(written).toEqual({
      'attn.c_attn.weight': [
        [2, 4],
        [1, 2, 3, 10, 4, 5, 6, 20],
      ],
      'output.dense.weight': [
        [2, 3],
        [1, 2, 3, 4, 5, 6],
      ],
      'output.dense.bias': [[2], [7, 8]],
      'ln.weight': [[2], [2, 3]],
      'ln.bias': [[2], [4, 5]],
      'classifier.weight': [
        [2, 2],
        [1, 0, 2, 1],
      ],
      'classifier.bias': [[2], [0, 1]],
    });
  });

  it('a model that is saved and loaded again is the same, in one file and in several', async () => {
    const [folder, model] = [memoryFolder(), new Model(1)];
    for (const maxShardBytes of [24, 1e9]) {
      await save(folder, model, { maxShardBytes });
      const other = new Model(2);
      await loadPretrained(folder, other, names);
      expect(all(other)).toEqual(all(model));
    }
  });

  it('an earlier save in more files leaves none of them', async () => {
    const [folder, model] = [memoryFolder(), new Model(1)];
    await save(folder, model, { maxShardBytes: 24 });
    await save(folder, model);
    expect(await folder.list()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    await save(folder, model, { maxShardBytes: 48 });
    expect(await folder.list()).not.toContain('model.safetensors');
  });

  it('stores two-byte floats when asked, which load again to within their precision', async () => {
    const [folder, model, other] = [memoryFolder(), new Model(1), new Model(2)];
    await save(folder, model, { floats: 'BF16' });
    await loadPretrained(folder, other, names);
    // bfloat16 has 8 significant bits: half a unit is 2⁻⁹ of the value
    expect(other.dense.weight).toBeAllClose(model.dense.weight, { absolute: 0, relative: 2 ** -8 });
  });

  it('refuses a weight that has no published name, and a config that is no object', async () => {
    const folder = memoryFolder('here');
    await expect(save(folder, new Model(1), { names: { rules: [] } })).rejects.toThrow(
      'there must be a rule for every weight, got none for "query.weight"',
    );
    expect(await folder.list()).toEqual([]);
    await folder.write('config.json', new TextEncoder().encode('[1]'));
    await expect(readConfig(folder)).rejects.toThrow('readConfig: config.json in here must be an object, got [1]');
    await folder.write('config.json', new TextEncoder().encode('{'));
    await expect(readConfig(folder)).rejects.toThrow('readConfig: config.json in here must be JSON');
  });
});
