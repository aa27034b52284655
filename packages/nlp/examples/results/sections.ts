/** Which section of Debian a package is in, told by its description: attention over words and sentences against means, and a bag of words. */
import { join } from 'node:path';
import {
  debianDescriptions,
  debianSections,
  readDebianDescriptions,
  readDebianSections,
  sectionSplits,
  splitDescriptions,
  TextClassifier,
  type LabelledText,
  type SectionSplits,
} from '@heed/nlp';
import { mcnemar } from '@heed/tasks';
import { defineResult, fetchData, progressBar, type ResultContext } from '@heed/node';

const NETWORK = { wordWidth: 64, hiddenWidth: 64, maximumTokens: 128, vocabularySize: 20_000, dropout: 0.4 };
const FIT = { batchSize: 64, buckets: 6, learningRate: 0.003 };
const BAG = { vocabularySize: 20_000, phraseLength: 2 };
const BAG_FIT = { epochs: 10, batchSize: 128, buckets: 1, learningRate: 0.01, weightDecay: 0.1 };
const QUICK = { steps: 10, batchSize: 16, buckets: 1 };
const MODELS = {
  attention: { architecture: 'han', ...NETWORK },
  means: { architecture: 'mean', ...NETWORK },
  bag: { architecture: 'bag-of-words', ...BAG },
} as const;
/** From how many descriptions they learn, and how often they see them. */
const AMOUNTS = { few: { descriptions: 8000, epochs: 12 }, all: { descriptions: Infinity, epochs: 4 } };

type Name = keyof typeof MODELS;
type Amount = keyof typeof AMOUNTS;

interface Measures {
  /** Accuracies in percent. */
  readonly validation: number;
  readonly test: number;
  /** F1 in percent, the mean over the sections. */
  readonly macroF1: number;
  /** Which of the test descriptions were told right. */
  readonly right: readonly boolean[];
}

export default defineResult({
  task: 'The section of a Debian package, by its description',
  figures: {
    few: { name: 'accuracy from 8,000 descriptions', unit: '%' },
    all: { name: 'from 36,459', unit: '%' },
    bagFew: { name: 'of a bag of words and pairs from 8,000', unit: '%' },
    bagAll: { name: 'from 36,459', unit: '%' },
  },
  baseline: 'the same with means in place of attention: HN-AVE of Yang et al. 2016',
  published: {
    value: 'none on this data; accuracy 68.2 % of reviews in five classes, Yelp 2013',
    source: 'Yang et al. 2016, HN-ATT',
  },
  minutes: 8,
  protocol:
    'Debian 12.15, main: descriptions of splitDescriptions(), no first paragraph in two parts, and their sections in the index of amd64, of which 42 have ' +
    'at least 100 descriptions: 36,459 to train on, or the first 8,000 of them, 977 to choose settings by, 977 to test on. The first ' +
    `${NETWORK.maximumTokens} words and signs of a description are read; ${NETWORK.vocabularySize} words are known at most. Attention and means: ` +
    `${AMOUNTS.few.epochs} epochs of 8,000 or ${AMOUNTS.all.epochs} of all, batches of ${FIT.batchSize}, AdamW at ${FIT.learningRate} with warm-up and linear ` +
    `decay, dropout ${NETWORK.dropout}, the last weights. The bag: presence of ${BAG.vocabularySize} words and pairs, logistic regression, ${BAG_FIT.epochs} ` +
    `epochs, weight decay ${BAG_FIT.weightDecay}. Whether attention and means differ by more than chance is McNemar's exact test, in the details.`,
  data: [debianDescriptions, debianSections],
  run: async (context) => {
    const { signal, part } = context;
    const [descriptions, sections] = [
      await readDebianDescriptions(await fetchData(debianDescriptions, { signal })),
      await readDebianSections(await fetchData(debianSections, { signal })),
    ];
    const splits = sectionSplits(splitDescriptions(descriptions), sections);
    const measured: Record<string, Measures> = {};
    for (const amount of Object.keys(AMOUNTS) as Amount[]) {
      for (const name of Object.keys(MODELS) as Name[]) {
        const measures = await part(`${name}-${amount}`, () => measure(name, amount, splits, context));
        if (measures === undefined) return undefined;
        measured[`${name}-${amount}`] = measures;
      }
    }
    const figures = (name: Name) => ({
      few: measured[`${name}-few`].test,
      all: measured[`${name}-all`].test,
      bagFew: measured['bag-few'].test,
      bagAll: measured['bag-all'].test,
    });
    const paired = (amount: Amount) =>
      mcnemar(measured[`attention-${amount}`].right, measured[`means-${amount}`].right);
    return {
      ours: figures('attention'),
      baseline: figures('means'),
      details: {
        sections: splits.labels.length,
        measured: Object.fromEntries(
          Object.entries(measured).map(([name, { validation, test, macroF1 }]) => [
            name,
            { validation, test, macroF1 },
          ]),
        ),
        paired: { few: paired('few'), all: paired('all') },
      },
    };
  },
});

/** Trains and measures; undefined after Ctrl-C. */
async function measure(
  name: Name,
  amount: Amount,
  { train, validation, test, labels }: SectionSplits,
  { seed, quick, signal, folder, print }: ResultContext,
): Promise<Measures | undefined> {
  const few = (descriptions: readonly LabelledText[]) => (quick ? descriptions.slice(0, 200) : descriptions);
  const { descriptions: most, epochs } = AMOUNTS[amount];
  const fit = name === 'bag' ? BAG_FIT : { ...FIT, epochs };
  const truncation = name === 'bag' ? {} : { truncation: 'end' as const };
  const label = `${name}, ${amount}`;
  const classifier = new TextClassifier({ ...MODELS[name], labels, seed });
  try {
    const { reason } = await classifier.fit(few(train).slice(0, most), {
      ...fit,
      ...(quick ? QUICK : { checkpoints: join(folder, `${name}-${amount}`), checkpointEverySteps: 500 }),
      ...truncation,
      signal,
      onEvent: progressBar({ unit: 'descriptions', label, seconds: 30 }),
    });
    if (reason === 'aborted') return undefined;
    const evaluate = (descriptions: readonly LabelledText[]) =>
      classifier.evaluate(few(descriptions), { ...truncation, batchSize: 200, signal });
    const chosenBy = await evaluate(validation);
    const { accuracy, macroF1, predictions } = await evaluate(test);
    print(`${label}: accuracy ${(100 * chosenBy.accuracy).toFixed(2)} % on validation descriptions`);
    return {
      validation: 100 * chosenBy.accuracy,
      test: 100 * accuracy,
      macroF1: 100 * macroF1,
      right: predictions.map(({ label }, i) => label === test[i].label),
    };
  } finally {
    classifier.dispose();
  }
}
