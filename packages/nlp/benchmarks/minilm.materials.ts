/** Writes `minilm`, the published weights with their tokenizer, and `sentences.json`, 2,000 sentences about films. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allMiniLmL6, hutto, readHutto, splitMovieSentences } from '@heed/nlp';
import { fetchData } from '@heed/node';

const [folder] = process.argv.slice(2);
const weights = await fetchData(allMiniLmL6);
for (const name of await weights.list()) {
  const path = join(folder, 'minilm', name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, await weights.read(name));
}
const { test } = splitMovieSentences(await readHutto(await fetchData(hutto), 'movies'));
await writeFile(join(folder, 'sentences.json'), JSON.stringify(test.map(({ text }) => text)));
