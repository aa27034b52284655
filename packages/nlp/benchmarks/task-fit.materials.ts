/** Writes `gpt` and `translator`, tasks with their first weights, and what they are trained on: `text.txt` and `pairs.json`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { multi30k, readMulti30k, readTinyShakespeare, TextGenerator, tinyShakespeare, Translator } from '@heed/nlp';
import { fetchData, startBackend } from '@heed/node';

const [folder, form] = process.argv.slice(2);
const quick = form === 'quick';
await startBackend({ onMessage: () => undefined });
/** A step that changes nothing: a task can be saved once it has seen its data. */
const still = { steps: 1, batchSize: 1, learningRate: () => 0 };

const text = (await readTinyShakespeare(await fetchData(tinyShakespeare))).train;
const generator = new TextGenerator({ contextLength: 128, width: 384, layers: 6, heads: 6, seed: 7 });
await generator.fit(text, still);
await generator.save(join(folder, 'gpt'));
await writeFile(join(folder, 'text.txt'), text);

const { train } = await readMulti30k(await fetchData(multi30k), { from: 'de', to: 'en' });
const pairs = quick ? train.slice(0, 400) : train;
const translator = new Translator({ vocabularySize: quick ? 1000 : 8000, seed: 7 });
await translator.fit(pairs, still);
await translator.save(join(folder, 'translator'));
await writeFile(join(folder, 'pairs.json'), JSON.stringify(pairs.map(({ source, target }) => [source, target])));
