import { fetchData, fileFolder, hubFolder } from '@heed/node';
import { loadPretrained, readConfig, savePretrained } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineAttack, type Attack } from '../attack.ts';
import { loopbackServer } from '../kills/loopback-server.ts';
import { card, contentOf, HUB_ID, installTiny } from '../kills/downloads.ts';
import { layerOf, NAMES, runToItsEnd, SHARD_BYTES, trainingOf } from '../kills/works.ts';

const KILLS = 20;

interface Work {
  readonly name: 'save' | 'checkpoint' | 'install' | 'download' | 'hub';
  /** Moments from 0 to this; after the last the work is done, or nearly. */
  readonly moments: number;
  readonly before?: (folder: string) => Promise<void>;
  /** Looks at what the killed process left. @throws if it is not one whole */
  readonly after: (folder: string, address: string) => Promise<void>;
}

/** Work that is killed at random moments, each time by another process. */
function kills({ name, moments, before, after }: Work): Attack {
  return defineAttack<number>({
    name: `kill-${name}`,
    cases: {},
    drawn: fc.double({ min: 0, max: moments, noNaN: true, maxExcluded: true }),
    draws: KILLS,
    seconds: 60,
    async run(moment) {
      const folder = await mkdtemp(join(tmpdir(), `heed-kill-${name}-`));
      try {
        const address = await loopbackServer();
        await before?.(folder);
        await runUntilKilled(name, folder, address, moment);
        await after(folder, address);
        expect(
          (await readdir(folder, { recursive: true })).find((file) => /\.tmp$|\.staging|\.saving|\.lock$/.test(file)),
          undefined,
        );
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  });
}

/** @throws if the process fails before it is killed */
async function runUntilKilled(...args: readonly [string, string, string, number]): Promise<void> {
  const file = ['save', 'checkpoint'].includes(args[0]) ? 'kill-save.ts' : 'kill-download.ts';
  const script = fileURLToPath(new URL(`../kills/${file}`, import.meta.url));
  const options = ['--conditions=@heed/source', '--import', 'tsx', script, ...args.map(String)];
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== null && code !== 0) throw new TypeError(`the work itself fails: ${errors.slice(-300)}`);
}

function expect(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) === JSON.stringify(wanted)) return;
  throw new TypeError(
    `after kill -9 there must be ${JSON.stringify(wanted) ?? 'nothing'}, got ${JSON.stringify(found)}`,
  );
}

const savedLayer = (path: string, mark: number) =>
  savePretrained(fileFolder(path), {
    model: layerOf(mark),
    names: NAMES,
    config: { mark },
    maxShardBytes: SHARD_BYTES,
  });

const save = kills({
  name: 'save',
  moments: 10,
  before: (path) => savedLayer(path, 1),
  async after(path) {
    const model = layerOf(0);
    const { mark } = await readConfig(fileFolder(path));
    await loadPretrained(fileFolder(path), model, NAMES);
    const whole = [...layerOf(mark as number).weight.dataSync()].join() === [...model.weight.dataSync()].join();
    expect([model.bias!.dataSync()[0], whole, mark === 1 || mark === 2], [mark, true, true]);
    await savedLayer(path, 3);
    expect((await readConfig(fileFolder(path))).mark, 3);
  },
});

const checkpoint = kills({
  name: 'checkpoint',
  moments: 60,
  async after(path) {
    const names = (await readdir(path, { recursive: true })).filter((file) => file.endsWith('manifest.json'));
    const newest = Math.max(0, ...names.map((file) => Number(file.split('-')[1].slice(0, 8))));
    const options = trainingOf(fileFolder(path), 40);
    const start = await runToItsEnd(options);
    expect([start.step, start.damaged], [newest, {}]);
    expect([...options.model.weight.dataSync()], await untouched());
  },
});

let weights: Promise<number[]> | undefined;
/** The weights of the same training that nobody interrupted. */
function untouched(): Promise<number[]> {
  weights ??= (async () => {
    const path = await mkdtemp(join(tmpdir(), 'heed-whole-'));
    const options = trainingOf(fileFolder(path), 40);
    await runToItsEnd(options);
    await rm(path, { recursive: true });
    return [...options.model.weight.dataSync()];
  })();
  return weights;
}

const install = kills({
  name: 'install',
  moments: 20,
  async after(path, address) {
    const found = (await readdir(path)).filter((name) => !name.startsWith('.'));
    const library = await installTiny(path, address); // what is there already, or a new one
    if (found.length > 0) expect([join(path, found[0])], [library]);
    expect((await readFile(join(library, 'lib', 'two.so'))).length, 120_000);
    expect((await readFile(join(library, 'include', 'tensorflow/c/c_api.h'))).length, 560_000);
    expect((await readdir(path)).length, 1);
  },
});

const content = (name: string) => Buffer.from(contentOf(name)).toString('base64');
const within = async <T>(cache: string, action: () => Promise<T>): Promise<T> => {
  const { HEED_CACHE, HEED_DATA } = process.env;
  Object.assign(process.env, { HEED_CACHE: cache, HEED_DATA: '' });
  try {
    return await action();
  } finally {
    Object.assign(process.env, { HEED_CACHE: HEED_CACHE ?? '', HEED_DATA: HEED_DATA ?? '' });
  }
};

const download = kills({
  name: 'download',
  moments: 20,
  after: (path, address) =>
    within(path, async () => {
      const data = await fetchData(card(address));
      for (const name of ['a', 'b']) expect(Buffer.from(await data.read(name)).toString('base64'), content(name));
    }),
});

const hub = kills({
  name: 'hub',
  moments: 25,
  after: (path, address) =>
    within(path, async () => {
      const source = await hubFolder(HUB_ID, { endpoint: address });
      expect(await source.list(), ['a', 'b']);
      for (const name of ['a', 'b']) expect(Buffer.from(await source.read(name)).toString('base64'), content(name));
    }),
});

void tf.ready();
export const KILL_ATTACKS: readonly Attack[] = [save, checkpoint, install, download, hub];
