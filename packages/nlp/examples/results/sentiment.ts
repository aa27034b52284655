/** Film sentences, positive or negative: MiniLM fine-tuned as a whole and by LoRA, against a bag of words, on the same held-out sentences. */
import { join } from 'node:path';
import {
  allMiniLmL6,
  hutto,
  readHutto,
  splitMovieSentences,
  TextClassifier,
  type LabelledText,
  type SentimentSplits,
  type TextClassifierFitOptions,
} from '@heed/nlp';
import { defineResult, downloadBar, fetchData, progressBar, type ResultContext } from '@heed/node';

const LABELS = ['positive', 'negative'];
const LORA = { rank: 8, targets: /layers/ };
const WHOLE = { epochs: 2, batchSize: 32, learningRate: 1e-4 };
const ADAPTED = { epochs: 2, batchSize: 32, learningRate: 1e-3 };
const BAG = { epochs: 6, batchSize: 128, learningRate: 0.01 };
/** Of the bag; the validation sentences choose. */
const DECAYS = [0.1, 1, 3];
const QUICK = { steps: 3, batchSize: 4, buckets: 1 };

const settings = ({ epochs, batchSize, learningRate }: typeof WHOLE) =>
  `${epochs} epochs, batches of ${batchSize}, learning rate ${learningRate}`;

/** Accuracies in percent, and numbers in the weights. */
interface Measures {
  readonly validation: number;
  readonly test: number;
  readonly weights: number;
  readonly trained: number;
}

export default defineResult({
  task: 'Film sentences, positive or negative (hutto)',
  figures: {
    whole: { name: 'accuracy, all weights trained', unit: '%' },
    adapted: { name: 'accuracy, LoRA', unit: '%' },
  },
  baseline: 'logistic regression on a bag of words',
  minutes: 12,
  protocol:
    'PyPI vaderSentiment 3.3.2, film sentences whose mean rating by twenty people is above or below 0, splitMovieSentences(): 7,566 to train on, 1,000 to choose ' +
    'settings by, 2,000 to test on, looked at once. all-MiniLM-L6-v2, the mean of its hidden states, a new last layer; AdamW, warm-up over a tenth, then a line ' +
    `to 0, the last weights. All weights: ${settings(WHOLE)}. LoRA of rank ${LORA.rank} in every linear layer of the encoder: ${settings(ADAPTED)}. Bag of words: ` +
    `presence of words, lower case, ${settings(BAG)}, weight decay of ${DECAYS.join(', ')} chosen by validation accuracy.`,
  data: [hutto, allMiniLmL6],
  run: async (context) => {
    const { quick, seed, signal, part, print } = context;
    const splits = splitMovieSentences(await readHutto(await fetchData(hutto, { signal }), 'movies'));
    const weights = await fetchData(allMiniLmL6, { signal, onEvent: downloadBar() });
    const common = { labels: LABELS, seed };
    const bag = () => new TextClassifier({ ...common, architecture: 'bag-of-words' });
    const open = () => TextClassifier.fromPretrained(weights, common);
    const adapt = () => TextClassifier.fromPretrained(weights, { ...common, lora: LORA });

    const bags: Measures[] = [];
    for (const weightDecay of DECAYS) {
      const measured = await part(`bag-${weightDecay}`, () =>
        measure(`bag-${weightDecay}`, bag, { ...BAG, weightDecay }, splits, context),
      );
      if (measured === undefined) return undefined;
      bags.push(measured);
    }
    const words = bags.reduce((best, measured) => (measured.validation > best.validation ? measured : best));
    const whole = await part('whole', () => measure('whole', open, WHOLE, splits, context));
    if (whole === undefined) return undefined;
    const adapted = await part('lora', () => measure('lora', adapt, ADAPTED, splits, context));
    if (adapted === undefined) return undefined;
    if (!quick) print(`LoRA trained ${((100 * adapted.trained) / adapted.weights).toFixed(2)} % of the weights`);
    return {
      ours: { whole: whole.test, adapted: adapted.test },
      baseline: { whole: words.test, adapted: words.test },
      details: { whole, adapted, words },
    };
  },
});

/** Trains and measures; undefined after Ctrl-C. */
async function measure(
  name: string,
  create: () => TextClassifier | Promise<TextClassifier>,
  options: TextClassifierFitOptions,
  { train, validation, test }: SentimentSplits,
  { folder, quick, signal, print }: ResultContext,
): Promise<Measures | undefined> {
  const few = (examples: readonly LabelledText[]) => (quick ? examples.slice(0, 16) : examples);
  const classifier = await create();
  try {
    const history = await classifier.fit(few(train), {
      ...options,
      ...(quick ? QUICK : { checkpoints: join(folder, name), checkpointEverySteps: 100 }),
      signal,
      onEvent: progressBar({ unit: 'sentences', label: name, seconds: 30 }),
    });
    if (history.reason === 'aborted') return undefined;
    const chosenBy = await classifier.evaluate(few(validation), { signal });
    const measures: Measures = {
      validation: 100 * chosenBy.accuracy,
      test: 100 * (await classifier.evaluate(few(test), { signal })).accuracy,
      weights: classifier.parameterCount,
      trained: classifier.trainableParameterCount,
    };
    print(`${name}: accuracy ${measures.validation.toFixed(1)} % on validation sentences`);
    return measures;
  } finally {
    classifier.dispose();
  }
}
