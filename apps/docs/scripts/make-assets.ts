/**
 * `npx pnpm@12 --filter @heed/docs run make-assets`: trains the site's pronouncer (about 4 minutes natively) and writes the explorer's sample, into
 * pages/public. Both are committed; together they stay below 5 MB.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { writeMapsFile } from '@heed/attention-core';
import {
  allMiniLmL6,
  cmudict,
  Pronouncer,
  readCmudict,
  recurrentSeq2SeqPresets,
  SentenceEncoder,
  splitCmudict,
} from '@heed/nlp';
import { fetchData, progressBar, startBackend } from '@heed/node';
import * as tf from '@tensorflow/tfjs';

await startBackend();

const encoder = await SentenceEncoder.fromPretrained(await fetchData(allMiniLmL6));
const [{ heads }] = await encoder.encode(['The bank raised its rates after the river had left its bank.'], {
  attention: 'heads',
});
const layers = heads!.map((layer, i) => ({
  name: `layer ${i + 1}`,
  weights: tf.tensor3d(layer.map(({ weights }) => weights.map((row) => [...row]))),
  rows: layer[0].rows,
  columns: layer[0].columns,
}));
await mkdir('pages/public/samples', { recursive: true });
await writeFile('pages/public/samples/minilm.maps.safetensors', await writeMapsFile(layers));
encoder.dispose();

const { train, validation } = splitCmudict(await readCmudict(await fetchData(cmudict)));
const pronouncer = new Pronouncer({ ...recurrentSeq2SeqPresets['letter-to-sound-small'], hiddenWidth: 96, seed: 1 });
await pronouncer.fit(train, {
  steps: 2500,
  batchSize: 128,
  learningRate: 0.003,
  buckets: 6,
  checkpoints: '.site/pronouncer',
  checkpointEverySteps: 250,
  onEvent: progressBar({ unit: 'words' }),
});
await pronouncer.save('pages/public/checkpoints/letters-to-sounds', { floats: 'F16' });
const { wordErrorRate } = await pronouncer.evaluate(validation.slice(0, 2000), { beams: 3 });
console.log(`${pronouncer.parameterCount} weights, ${(100 * wordErrorRate).toFixed(1)} % of validation words wrong`);
