import { Linear, Random } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { loadPretrained, readConfig, savePretrained } from '../pretrained/pretrained.ts';
import type { Folder } from './folder.ts';
import { memoryFolder } from './memory-folder.ts';
import { wholeFolder, writeWholeSet } from './whole-set.ts';

const names = { rules: ['weight', 'bias'].map((name) => ({ ours: name, theirs: name })) };
const layer = (seed: number) => new Linear({ inputs: 3, outputs: 2, random: new Random(seed) });
/** Two files of weights, whose bias has the value of `mark` as the config has. */
async function save(folder: Folder, mark: number, maxShardBytes = 24): Promise<void> {
  const model = layer(mark);
  const bias = tf.tensor1d([mark, mark]);
  model.bias!.assign(bias);
  bias.dispose();
  await savePretrained(folder, { model, names, config: { mark }, maxShardBytes });
  model.dispose();
}
async function load(folder: Folder): Promise<{ config: unknown; weight: number[]; bias: number }> {
  const model = layer(0);
  await loadPretrained(folder, model, names);
  const { mark } = await readConfig(folder);
  return { config: mark, weight: [...model.weight.dataSync()], bias: model.bias!.dataSync()[0] };
}
/** A folder in which nothing can be done any more after so many changes. */
function dying(folder: Folder, changes: number): Folder {
  let left = changes;
  const live = <Args extends unknown[]>(change: (...args: Args) => Promise<void>) => {
    return async (...args: Args) => {
      if (left-- <= 0) throw new Error('the process is gone');
      await change(...args);
    };
  };
  const { lock: _lock, ...rest } = folder;
  return { ...rest, write: live(folder.write), remove: live(folder.remove) };
}

describe('writeWholeSet', () => {
  it.each([24, 1000])(
    'leaves the old set or the new one, whichever change a save into files of %i bytes ends at',
    async (size) => {
      const outcomes: unknown[] = [];
      const weight = { 1: [...layer(1).weight.dataSync()], 2: [...layer(2).weight.dataSync()] };
      for (let changes = 0; changes < 100; changes++) {
        const folder = memoryFolder('here');
        await save(folder, 1);
        const finished = await save(dying(folder, changes), 2, size).then(
          () => true,
          () => false,
        );
        const { config, weight: loaded, bias } = await load(folder);
        expect({ bias, loaded }).toEqual({ bias: config, loaded: weight[config as 1 | 2] });
        outcomes.push(config);
        // the next save clears away what there is
        await save(folder, 1);
        expect(await load(folder)).toMatchObject({ config: 1, bias: 1 });
        expect((await folder.list()).filter((name) => name.startsWith('.saving'))).toEqual([]);
        if (finished) break;
      }
      expect(outcomes.length).toBeGreaterThan(8);
      expect(outcomes).toEqual(outcomes.toSorted());
      expect([outcomes[0], outcomes.at(-1)]).toEqual([1, 2]);
    },
  );

  it('tells a second writer at once', async () => {
    const folder = memoryFolder('here');
    let second: Promise<void> | undefined;
    await writeWholeSet(
      folder,
      (async function* () {
        second = save(folder, 2);
        await expect(second).rejects.toThrow('must be done by one at a time, got a second one in here');
        yield ['a', Uint8Array.of(1)] as const;
      })(),
    );
    expect(await folder.list()).toEqual(['a']);
  });

  it('refuses a name that comes twice, and leaves nothing', async () => {
    const folder = memoryFolder();
    const twice = async function* () {
      for (let i = 0; i < 2; i++) yield ['a', Uint8Array.of(i)] as const;
    };
    await expect(writeWholeSet(folder, twice())).rejects.toThrow('the names of a set must differ, got "a" twice');
    expect(await folder.list()).toEqual([]);
  });
});

describe('files of two saves', () => {
  it('are refused by name where one file of several is of another', async () => {
    const [folder, other] = [memoryFolder('here'), memoryFolder()];
    await save(folder, 1);
    await save(other, 2);
    const shard = 'model-00002-of-00002.safetensors';
    await folder.write(shard, await other.read(shard));
    await expect(load(folder)).rejects.toThrow(
      `loadWeights: the files of here must be of one save, got ${shard} of another than model.safetensors.index.json`,
    );
  });

  it('are refused by name where a record tells of other files', async () => {
    const folder = memoryFolder('here');
    await save(folder, 1);
    const files = { 'config.json': { bytes: 3, sha256: 'a'.repeat(64) } };
    const record = JSON.stringify({ format: 'heed-save', version: 1, files, stale: [] });
    await folder.write('.saving/set.json', new TextEncoder().encode(record));
    await expect(readConfig(folder)).rejects.toThrow('must be of one save, got config.json of another than the others');
  });

  it.each([
    ['no JSON', '{'],
    ['another format', '{"format":"x"}'],
    [
      'a name that leads out',
      `{"format":"heed-save","version":1,"stale":[],"files":{"../a":{"bytes":1,"sha256":null}}}`,
    ],
    ['a size below zero', `{"format":"heed-save","version":1,"stale":[],"files":{"a":{"bytes":-1,"sha256":null}}}`],
  ])('are refused by name where the record has %s', async (_, text) => {
    const folder = memoryFolder('here');
    await folder.write('.saving/set.json', new TextEncoder().encode(text));
    await expect(wholeFolder(folder).list()).rejects.toThrow('wholeFolder: .saving/set.json in here must');
  });
});
