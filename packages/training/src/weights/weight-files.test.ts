import { writeSafetensors } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { memoryFolder } from '../folders/memory-folder.ts';
import { WeightFiles, writeWeightFiles, type WeightFilesOptions } from './weight-files.ts';

const weights = () => ({
  'b.weight': tf.tensor2d([1, 2, 3, 4], [2, 2]),
  'a.bias': tf.tensor1d([5, 6]),
  'c.weight': tf.range(0, 12),
  steps: tf.scalar(7, 'int32'),
});

async function saved(options: WeightFilesOptions) {
  const folder = memoryFolder('here');
  for await (const [name, data] of writeWeightFiles('model', weights(), options)) await folder.write(name, data);
  return folder;
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe('weight files', () => {
  it('are one file as long as it is small enough', async () => {
    expect(await (await saved({})).list()).toEqual(['model.safetensors']);
  });

  it('are split in the order of the weights, with an index, and read back the same', async () => {
    const folder = await saved({ maxShardBytes: 24 });
    expect(await folder.list()).toEqual([
      'model-00001-of-00003.safetensors',
      'model-00002-of-00003.safetensors',
      'model-00003-of-00003.safetensors',
      'model.safetensors.index.json',
    ]);
    expect(JSON.parse(new TextDecoder().decode(await folder.read('model.safetensors.index.json')))).toMatchObject({
      metadata: { total_size: 16 + 8 + 48 + 4 },
      weight_map: {
        'b.weight': 'model-00001-of-00003.safetensors',
        'a.bias': 'model-00001-of-00003.safetensors',
        'c.weight': 'model-00002-of-00003.safetensors', // larger than a shard may be, so it is alone
        steps: 'model-00003-of-00003.safetensors',
      },
    });
    const files = await WeightFiles.open(folder, 'model');
    const values = Object.entries(weights());
    expect([...files.entries.keys()].toSorted()).toEqual(values.map(([name]) => name).toSorted());
    const read = await Promise.all(values.map(async ([name]) => Array.from((await files.tensor(name)).dataSync())));
    expect(read).toEqual(values.map(([, tensor]) => Array.from(tensor.dataSync())));
  });

  it('count two bytes for a number stored in two', async () => {
    expect((await (await saved({ maxShardBytes: 40, floats: 'BF16' })).list()).length).toBe(1);
  });

  it.each([
    [
      'a shard that is not there',
      'model-00002-of-00003.safetensors',
      undefined,
      'every file of model.safetensors.index.json must be there, got none called model-00002-of-00003.safetensors in here',
    ],
    [
      'a shard cut short',
      'model-00002-of-00003.safetensors',
      new Uint8Array(20),
      'the files of here must be of one save, got model-00002-of-00003.safetensors of another than model.safetensors.index.json: ',
    ],
    [
      'an index without a weight',
      'model.safetensors.index.json',
      text({ weight_map: { steps: 'model-00003-of-00003.safetensors', x: 'model-00003-of-00003.safetensors' } }),
      'model-00003-of-00003.safetensors must hold "x"',
    ],
    [
      'an index with another file for a weight',
      'model.safetensors.index.json',
      text({ weight_map: { steps: 'model-00002-of-00003.safetensors' } }),
      'the index in here must name the file of every weight, got none for "c.weight" of model-00002',
    ],
  ])('refuse %s', async (_, name, content, message) => {
    const folder = await saved({ maxShardBytes: 24 });
    if (content === undefined) await folder.remove(name);
    else await folder.write(name, content);
    await expect(WeightFiles.open(folder, 'model')).rejects.toThrow(`loadWeights: ${message}`);
  });

  it('paste no name of somebody else into a command', async () => {
    const folder = memoryFolder('there');
    const name = `'); __import__('os').system('id') #.bin`;
    await folder.write(name, Uint8Array.of(0x80, 2));
    const message = await WeightFiles.open(folder, 'model').catch((error: Error) => error.message);
    expect((message as string).split('python -c')[1]).not.toContain('__import__');
  });

  it('refuse a torch pickle with the reason and the command that converts it', async () => {
    const folder = memoryFolder('there');
    await folder.write('pytorch_model.bin', Uint8Array.of(0x80, 2));
    await expect(WeightFiles.open(folder, 'model')).rejects.toThrow(
      /weights must be safetensors, got pytorch_model.bin in there: a torch pickle can run any code when it is opened.* python -c "import sys, torch, safetensors.torch as s; .*'model.safetensors'/,
    );
  });

  it('say what is there when there are no weights', async () => {
    await expect(WeightFiles.open(memoryFolder('nowhere'), 'model')).rejects.toThrow(
      'there must be model.safetensors or its index in nowhere, got no files',
    );
    const folder = memoryFolder('there');
    await folder.write('other.safetensors', await writeSafetensors({}));
    await expect(WeightFiles.open(folder, 'model')).rejects.toThrow('got other.safetensors');
  });
});
