/** Writes `translator`, a Transformer that has learnt enough to write words and to end, and `sources.json`, what it is to translate. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { multi30k, readMulti30k, Translator } from '@heed/nlp';
import { fetchData, startBackend } from '@heed/node';

const [folder, form] = process.argv.slice(2);
const quick = form === 'quick';
await startBackend({ onMessage: () => undefined });
const { train, test } = await readMulti30k(await fetchData(multi30k), { from: 'de', to: 'en' });
const translator = new Translator({ vocabularySize: quick ? 1000 : 8000, seed: 7 });
await translator.fit(train.slice(0, quick ? 200 : 8000), { steps: quick ? 10 : 200, batchSize: 32 });
await translator.save(join(folder, 'translator'));
await writeFile(join(folder, 'sources.json'), JSON.stringify(test.map(({ source }) => source)));
