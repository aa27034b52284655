/**
 * A small BERT learns from the State of the Union addresses to fill in what is masked, from what stands on both sides.
 *
 *     npx pnpm@12 demo nlp/fill-mask                                                  trains (or goes on), measures, fills in
 *     npx pnpm@12 demo nlp/fill-mask --text "the state of the [MASK] is strong"       fills in your text with the saved model
 *
 * The steps: data → word pieces → pretraining on masked tokens and next sentences → what may stand in a mask → a report.
 */
import { join } from 'node:path';
import { BertPretrainer, readStateOfTheUnion, splitStateOfTheUnion, stateOfTheUnion } from '@heed/nlp';
import { defineExample, downloadBar, fetchData, progressBar, writeReport } from '@heed/node';

/** What fits the time. The addresses are those from the year `since` on: the language of today, and less to read. */
const SETTINGS = {
  tensorflow: { width: 128, layers: 3, steps: 3000, batch: 32, rate: 0.002, pieces: 2000, since: 1945 },
  wasm: { width: 64, layers: 2, steps: 800, batch: 16, rate: 0.002, pieces: 2000, since: 1961 },
  cpu: { width: 32, layers: 1, steps: 150, batch: 8, rate: 0.005, pieces: 1000, since: 2001 },
  quick: { width: 32, layers: 1, steps: 60, batch: 8, rate: 0.005, pieces: 500, since: 2009 },
};
const TEXTS = [
  'the state of the [MASK] is strong.',
  'we must [MASK] the american people.',
  'god bless the united [MASK] of america.',
  'i ask the [MASK] to pass this bill this year.',
];

export default defineExample({
  summary: 'Pretrains a small BERT on the State of the Union addresses, and fills in masks.',
  minutes: { tensorflow: 5, wasm: 7 },
  options: {
    text: { type: 'string', description: 'a text with [MASK] in it; default: a few' },
    steps: { type: 'number', description: 'updates; default: by backend' },
    seed: { type: 'number', description: 'of weights, pairs and masks', default: 1 },
  },
  run: async ({ options, signal, quick, backend, folder, print }) => {
    const defaults = SETTINGS[quick ? 'quick' : backend.name];
    const { text, steps = defaults.steps, seed } = options;
    const { width, layers, pieces, since } = defaults;
    const home = join(folder, `${layers}-layers-${width}-wide-${steps}-steps-seed-${seed}`);
    const files = await fetchData(stateOfTheUnion, { signal, onEvent: downloadBar() });
    const { train, test } = splitStateOfTheUnion(await readStateOfTheUnion(files));
    const texts = (addresses: typeof train) => addresses.filter(({ year }) => year >= since).map(({ text }) => text);
    const pretrainer = new BertPretrainer({ vocabularySize: pieces, width, layers, heads: 4, dropout: 0, seed });
    const { reason, losses } = await pretrainer.fit(texts(train), {
      steps,
      batchSize: defaults.batch,
      learningRate: defaults.rate,
      maskedShare: 0.4,
      checkpoints: join(home, 'checkpoints'),
      checkpointEverySteps: Math.ceil(steps / 4),
      signal,
      onEvent: progressBar({ unit: 'pairs', label: 'addresses' }),
    });
    if (reason === 'aborted') return;
    await pretrainer.save(home);
    const { tokenAccuracy, nextSentenceAccuracy } = await pretrainer.evaluate(texts(test), { signal });
    print(
      `${pretrainer.parameterCount} weights. On held-out addresses it predicts ${percent(tokenAccuracy)} of the masked tokens and ` +
        `${percent(nextSentenceAccuracy)} of the next sentences (50 % by chance).\n`,
    );

    const filled = [];
    for (const given of text === undefined ? TEXTS : [text]) {
      const result = await pretrainer.fill(given, { attention: true });
      filled.push({ given, ...result });
      print(given);
      for (const mask of result.masks) {
        print(`    ${mask.map(({ token, probability }) => `${token} ${percent(probability)}`).join(' · ')}`);
      }
    }
    const report = await writeReport(join(folder, 'report.html'), {
      title: 'Filling in masks',
      summary: `${stateOfTheUnion.source}, from ${since} on. ${steps} steps of ${defaults.batch} pairs, seed ${seed}, ${backend.name}.`,
      sections: [
        {
          title: 'What may stand there',
          table: {
            columns: ['text', 'candidates'],
            rows: filled.flatMap(({ given, masks }) =>
              masks.map((mask) => [
                given,
                mask.map(({ token, probability }) => `${token} (${percent(probability)})`).join(', '),
              ]),
            ),
          },
        },
        {
          title: 'Loss',
          text: `Nats: of a masked token, and of whether the second segment follows. What knows nothing has ln ${pieces} + ln 2 = ${(Math.log(pieces) + Math.LN2).toFixed(2)}.`,
          lineChart: {
            x: 'step',
            y: 'loss (nats)',
            series: [{ name: 'training', points: losses.map(({ step, loss }) => [step, loss]) }],
          },
        },
        ...filled.map(({ given, attention }) => ({
          title: `What each token looked at: ${given}`,
          text: 'Layer by layer, the mean of its heads: one row for each token, one column for each that it looked at.',
          attention: attention ?? [],
          axes: { rows: 'token', columns: 'looked at' },
        })),
      ],
    });
    print(`\nReport: ${report}`);
    pretrainer.dispose();
  },
});

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
