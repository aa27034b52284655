import { Linear, Random } from '@heed/attention-core';
import { loadPretrained, makeFor, memoryFolder, readConfig, savePretrained, train, type Folder } from '@heed/training';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { defineAttack } from '../attack.ts';
import { NAMES, runToItsEnd, trainingOf } from '../kills/works.ts';
import { damaged } from './bytes.ts';

type Change = readonly [file: string, content: Uint8Array];
const bytes = (text: string) => new TextEncoder().encode(text);
const linear = (width: number) => () => new Linear({ inputs: width, outputs: width, random: new Random(1) });

async function saved(): Promise<Folder> {
  const folder = memoryFolder('hostile');
  await savePretrained(folder, { model: linear(8)(), names: NAMES, config: { width: 8 }, maxShardBytes: 256 });
  return folder;
}

const INDEX = 'model.safetensors.index.json';
const RECORD = '.saving/set.json';
const record = (fields: object) =>
  bytes(JSON.stringify({ format: 'heed-save', version: 1, files: {}, stale: [], ...fields }));
const index = bytes(
  '{"metadata":{"files":{}},"weight_map":{"weight":"model-00001-of-00002.safetensors","bias":"model-00002-of-00002.safetensors"}}',
);

/** A model that its config makes, beside weights of a width of 8; one file is the attacker's. */
export const saves = defineAttack<Change>({
  name: 'saved',
  seconds: 30,
  cases: {
    'a width of 20,000': () => ['config.json', bytes('{"width":20000}')],
    'a width of 3e8': () => ['config.json', bytes('{"width":300000000}')],
    'a width that is no number': () => ['config.json', bytes('{"width":null}')],
    'a config of the prototype': () => ['config.json', bytes('{"__proto__":{"polluted":1},"width":8}')],
    'lists in one another': () => ['config.json', bytes('['.repeat(1_000_000))],
    'an index that leads out': () => [INDEX, bytes('{"weight_map":{"weight":"../../etc/x.safetensors"}}')],
    'an index of the prototype': () => [INDEX, bytes('{"weight_map":{"__proto__":"model-00001-of-00002.safetensors"}}')],
    'an index of sums that are none': () => [INDEX, bytes('{"metadata":{"files":{"a":1}},"weight_map":{"weight":"a.safetensors"}}')],
    'a record that leads out': () => [RECORD, record({ files: { '../x': { bytes: 1, sha256: null } } })],
    'a record of the prototype': () => [RECORD, bytes('{"format":"heed-save","version":1,"stale":[],"files":{"__proto__":{"bytes":1,"sha256":null}}}')],
    'a record of what is not there': () => [RECORD, record({ files: { 'config.json': { bytes: 2, sha256: 'a'.repeat(64) } } })],
    'a record that takes all away': () => [RECORD, record({ stale: ['config.json', INDEX] })],
    'a record of 10^5 files': () => [RECORD, record({ files: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`a${i}`, { bytes: 1, sha256: null }])) })],
    'a record that is none': () => [RECORD, bytes('null')],
  },
  drawn: fc.oneof(
    damaged(index).map((content): Change => [INDEX, content]),
    damaged(record({ files: { 'config.json': { bytes: 12, sha256: null } } })).map((content): Change => [RECORD, content]),
    damaged(bytes('{"width":8,"layers":1}')).map((content): Change => ['config.json', content]),
  ),
  draws: 40,
  async run([file, content]) {
    const folder = await saved();
    await folder.write(file, content);
    const { width } = await readConfig(folder);
    const wanted = Number(width);
    if (!Number.isSafeInteger(wanted) || wanted < 1) return; // what a schema refuses
    const model = await makeFor(folder, linear(wanted));
    await loadPretrained(folder, model, NAMES);
    await savePretrained(folder, { model, names: NAMES, config: { width: 8 } });
    model.dispose();
  },
}); // prettier-ignore

interface Forged {
  readonly file: 'training.json' | 'history.json' | 'manifest.json';
  readonly change: (text: string) => string;
}
const set = (path: readonly string[], value: unknown) => (text: string) => {
  const content = JSON.parse(text) as Record<string, unknown>;
  let fields = content;
  for (const name of path.slice(0, -1)) fields = fields[name] as Record<string, unknown>;
  fields[path.at(-1)!] = value;
  return JSON.stringify(content);
};
const PROGRESS = ['step', 'epoch', 'batch', 'draws', 'epochLoss', 'evaluation'];
const bad = fc.constantFrom<unknown>(null, -1, 0.5, 1e9, 2 ** 53, '1', [], {}, true);

/** A checkpoint whose file was changed, and its sum with it. */
export const checkpoints = defineAttack<Forged>({
  name: 'checkpoint',
  seconds: 30,
  cases: {
    'a batch of 1e9': () => ({ file: 'training.json', change: set(['progress', 'batch'], 1e9) }),
    'draws and a batch of 1e9': () => ({
      file: 'training.json',
      change: (text) => set(['progress', 'draws'], 1e9)(set(['progress', 'batch'], 1e9)(text)),
    }),
    'step null': () => ({ file: 'training.json', change: set(['progress', 'step'], null) }),
    'another step': () => ({ file: 'manifest.json', change: set(['step'], 2) }),
    'a file that leads out': () => ({ file: 'manifest.json', change: set(['files', '../../x'], { bytes: 1, sha256: null }) }),
    'files that are none': () => ({ file: 'manifest.json', change: set(['files'], null) }),
    'no history': () => ({ file: 'history.json', change: () => '{}' }),
    'a history of another run': () => ({ file: 'history.json', change: set(['losses'], Array<number>(1e6).fill(1)) }),
    'lists in one another': () => ({ file: 'training.json', change: () => '['.repeat(1_000_000) }),
    'parts of the prototype': () => ({ file: 'training.json', change: set(['parts'], []) }),
  },
  drawn: fc.oneof(
    fc.tuple(fc.constantFrom(...PROGRESS), bad).map(([field, value]): Forged => ({ file: 'training.json', change: set(['progress', field], value) })),
    fc.tuple(fc.constantFrom('losses', 'epochs', 'evaluations'), bad).map(([field, value]): Forged => ({ file: 'history.json', change: set([field], value) })),
    fc.tuple(fc.constantFrom('step', 'format', 'version', 'files'), bad).map(([field, value]): Forged => ({ file: 'manifest.json', change: set([field], value) })),
  ),
  draws: 40,
  async run({ file, change }) {
    const folder = memoryFolder('hostile');
    await runToItsEnd(trainingOf(folder, 3));
    const name = 'step-00000003';
    const read = async (path: string) => new TextDecoder().decode(await folder.read(`${name}/${path}`));
    const data = bytes(change(await read(file)));
    await folder.write(`${name}/${file}`, data);
    if (file !== 'manifest.json') {
      const sum = { bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
      await folder.write(`${name}/manifest.json`, bytes(set(['files', file], sum)(await read('manifest.json'))));
    }
    for await (const { type } of train(trainingOf(folder, 5))) if (type === 'end') return;
  },
}); // prettier-ignore
