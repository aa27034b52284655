/** Which section of Debian a package is in, told by its description: attention over words and sentences against means, and a bag of words. */
import { join } from 'node:path';
import {
  debianDescriptions,
  debianSections,
  mcnemar,
  readDebianDescriptions,
  readDebianSections,
  sectionSplits,
  splitDescriptions,
  TextClassifier,
  type LabelledText,
  type SectionSplits,
  type TextClassifierConfig,
  type TextClassifierFitOptions,
} from '@heed/nlp';
import { defineResult, fetchData, progressBar, type ResultContext } from '@heed/node';

const NETWORK = { wordWidth: 64, hiddenWidth: 64, maximumTokens: 128, vocabularySize: 20_000, dropout: 0.4 };
const FULL = { epochs: 4, batchSize: 64, buckets: 6, learningRate: 0.003 };
const BAG = { vocabularySize: 20_000, phraseLength: 2 };
const BAG_FIT = { epochs: 10, batchSize: 128, buckets: 1, learningRate: 0.01, weightDecay: 0.1 };
const QUICK = { steps: 10, batchSize: 16, buckets: 1 };
const MODELS = {
  attention: [{ architecture: 'han', ...NETWORK }, FULL],
  means: [{ architecture: 'mean', ...NETWORK }, FULL],
  bag: [{ architecture: 'bag-of-words', ...BAG }, BAG_FIT],
} as const;

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
    accuracy: { name: 'accuracy', unit: '%' },
    macroF1: { name: 'F1, mean over sections', unit: '%' },
    bag: { name: 'accuracy of a bag of words and pairs', unit: '%' },
  },
  baseline: 'the same with means in place of attention: HN-AVE of Yang et al. 2016',
  published: {
    value: 'none on this data; accuracy 68.2 % of reviews in five classes, Yelp 2013',
    source: 'Yang et al. 2016, HN-ATT',
  },
  minutes: 8,
  protocol:
    'Debian 12.15, main: descriptions of splitDescriptions(), no first paragraph in two parts, and their sections in the index of amd64, of which 42 have ' +
    `at least 100 descriptions: 36,459 to train on, 977 to choose settings by, 977 to test on, looked at once. The first ${NETWORK.maximumTokens} words and signs ` +
    `of a description are read; ${NETWORK.vocabularySize} words are known at most. ${FULL.epochs} epochs, batches of ${FULL.batchSize}, AdamW at ` +
    `${FULL.learningRate} with warm-up and linear decay, dropout ${NETWORK.dropout}, the last weights. The bag: presence of ${BAG.vocabularySize} words and ` +
    `pairs, logistic regression, ${BAG_FIT.epochs} epochs, weight decay ${BAG_FIT.weightDecay}. Whether attention and means differ by more than chance is ` +
    "McNemar's exact test, in the details.",
  data: [debianDescriptions, debianSections],
  run: async (context) => {
    const { signal, part } = context;
    const [descriptions, sections] = [
      await readDebianDescriptions(await fetchData(debianDescriptions, { signal })),
      await readDebianSections(await fetchData(debianSections, { signal })),
    ];
    const splits = sectionSplits(splitDescriptions(descriptions), sections);
    const measured: Partial<Record<keyof typeof MODELS, Measures>> = {};
    for (const [name, [config, fit]] of Object.entries(MODELS)) {
      const measures = await part(name, () => measure(name, config, fit, splits, context));
      if (measures === undefined) return undefined;
      measured[name as keyof typeof MODELS] = measures;
    }
    const { attention, means, bag } = measured as Record<keyof typeof MODELS, Measures>;
    const figures = ({ test: accuracy, macroF1 }: Measures) => ({ accuracy, macroF1, bag: bag.test });
    return {
      ours: figures(attention),
      baseline: figures(means),
      details: {
        sections: splits.labels.length,
        validation: { attention: attention.validation, means: means.validation, bag: bag.validation },
        paired: mcnemar(attention.right, means.right),
      },
    };
  },
});

/** Trains and measures; undefined after Ctrl-C. */
async function measure(
  name: string,
  config: Pick<TextClassifierConfig, 'architecture'> & Partial<TextClassifierConfig>,
  fit: TextClassifierFitOptions,
  { train, validation, test, labels }: SectionSplits,
  { seed, quick, signal, folder, print }: ResultContext,
): Promise<Measures | undefined> {
  const few = (descriptions: readonly LabelledText[]) => (quick ? descriptions.slice(0, 200) : descriptions);
  const truncation = config.architecture === 'bag-of-words' ? {} : { truncation: 'end' as const };
  const classifier = new TextClassifier({ ...config, labels, seed });
  try {
    const { reason } = await classifier.fit(few(train), {
      ...fit,
      ...(quick ? QUICK : { checkpoints: join(folder, name), checkpointEverySteps: 500 }),
      ...truncation,
      signal,
      onEvent: progressBar({ unit: 'descriptions', label: name, seconds: 30 }),
    });
    if (reason === 'aborted') return undefined;
    const evaluate = (descriptions: readonly LabelledText[]) =>
      classifier.evaluate(few(descriptions), { ...truncation, batchSize: 200, signal });
    const chosenBy = await evaluate(validation);
    const { accuracy, macroF1, predictions } = await evaluate(test);
    print(`${name}: accuracy ${(100 * chosenBy.accuracy).toFixed(2)} % on validation descriptions`);
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
