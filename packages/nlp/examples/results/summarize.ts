/** Package descriptions in a line: the pointer-generator with coverage, without, without copying, with three scores, and the first words. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  debianDescriptions,
  readDebianDescriptions,
  repetition,
  splitDescriptions,
  Summarizer,
  type Repetition,
  type SummarizerConfig,
  type SummarizerFitOptions,
  type SummaryPair,
} from '@heed/nlp';
import { rouge, splitWords } from '@heed/tasks';
import { defineResult, fetchData, progressBar, type ResultContext } from '@heed/node';

const CONFIG = {
  vocabularySize: 4000,
  embeddingWidth: 128,
  hiddenWidth: 128,
  dropout: 0.2,
  maximumWords: 40,
  maximumSummaryWords: 30,
} as const satisfies Partial<SummarizerConfig>;
const MODELS = {
  pointer: {},
  withoutCopying: { copying: false },
  general: { score: 'general' },
  scaledDot: { score: 'scaled-dot' },
} as const satisfies Record<string, Partial<SummarizerConfig>>;
const FIT = { steps: 500, batchSize: 64, buckets: 3, learningRate: 0.003 } as const;
/** As in the paper, coverage comes in a short phase at the end; what it is compared with gets the same phase without it. */
const LAST = { steps: 120, batchSize: 64, buckets: 3, learningRate: 0.001 } as const;
const LONGEST = 12;
const BEAMS = 4;
const FORCED = 20;
const QUICK = { steps: 6, batchSize: 16, buckets: 1, learningRate: 0.003 } as const;

/** What a model's training ends with: a name, and whether with coverage. */
const PHASES: Readonly<Record<string, readonly (readonly [string, boolean])[]>> = {
  pointer: [
    ['withCoverage', true],
    ['withoutCoverage', false],
  ],
  withoutCopying: [['withoutCopyingLast', true]],
};

const describe = ({ steps, batchSize, learningRate }: typeof FIT | typeof LAST) =>
  `${steps} steps of ${batchSize}, learning rate ${learningRate}`;

/** What is measured of a model, in percent but for `copiedWords`. */
interface Measures {
  readonly rouge1: number;
  readonly rouge2: number;
  readonly rougeL: number;
  /** Of the summaries as they end by themselves. */
  readonly repetition: Repetition;
  /** Words outside the vocabulary, of a summary. */
  readonly copiedWords: number;
  /** Of summaries that may not end before `FORCED` words. */
  readonly forced?: Repetition;
}

export default defineResult({
  task: 'Descriptions of Debian packages into synopses',
  figures: {
    rougeL: { name: 'ROUGE-L of the pointer-generator with coverage' },
    rouge1: { name: 'ROUGE-1' },
    rouge2: { name: 'ROUGE-2' },
    withoutCoverage: { name: 'ROUGE-L without coverage' },
    withoutCopying: { name: 'without copying' },
    leadWords: { name: 'of the first words' },
    repeatedTrigrams: { name: `repeated trigrams in ${FORCED} words and more`, unit: '%' },
    repeatedTrigramsWithout: { name: 'without coverage', unit: '%' },
    additive: { name: 'before the last phase, ROUGE-L by the score: additive' },
    general: { name: 'general' },
    scaledDot: { name: 'scaled dot product' },
  },
  published: {
    value:
      'ROUGE-1/2/L 39.5/17.3/36.4 with coverage, 36.4/15.7/33.4 without: news articles, CNN/Daily Mail, other texts and lengths',
    source: 'See, Liu, Manning 2017',
  },
  minutes: 6,
  protocol:
    'Debian 12.15, main: 37,289 packages with descriptions of their own to train on, 1,000 to choose by (n below, nothing else), 1,000 to test on, looked at once; no first ' +
    `paragraph and no synopsis stands in two parts. The first ${CONFIG.maximumWords} words and signs of a description are read, in lower case; synopses of more than ` +
    `${LONGEST} are not trained on. ${CONFIG.vocabularySize} words, embeddings and LSTM states ${CONFIG.hiddenWidth} wide, dropout ${CONFIG.dropout}, additive score but where another is named. ` +
    `${describe(FIT)}. Then ${describe(LAST)}, with coverage (λ = 1) as in the paper, and, for "without coverage", once more the same ` +
    'without; "without copying" is with coverage. The scores are compared before that phase. Adam, warm-up over a twentieth, cosine to 0, the last weights. ' +
    `ROUGE is the F1 of rouge-score without stemming, of the best of ${BEAMS} beams with the mean log-probability of a word; no model may write "unknown". "The first words" ` +
    'are the first n words of the description, n by ROUGE-L on validation. Synopses are too short to repeat much, so repetition, the share of ' +
    `trigrams that stood before in the same text, is of beams that may not end before ${FORCED} words.`,
  data: [debianDescriptions],
  run: async (context) => {
    const { quick, seed, signal, folder, part } = context;
    const splits = splitDescriptions(await readDebianDescriptions(await fetchData(debianDescriptions, { signal })));
    const few = <T>(pairs: readonly T[]) => (quick ? pairs.slice(0, 40) : pairs);
    const short = splits.train.filter(({ summary }) => splitWords(summary).length <= LONGEST);
    const [train, validation, test] = [few(short), few(splits.validation), few(splits.test)];
    const fit = quick ? QUICK : FIT;
    const last = quick ? QUICK : LAST;

    const lead = bestLead(validation);
    const leadWords = rouge(firstWords(test, lead));
    const measured: Record<string, Measures> = {};
    for (const [name, variant] of Object.entries(MODELS)) {
      const create = () => new Summarizer({ ...CONFIG, ...variant, seed });
      const base = await trained(name, create, train, fit, context);
      if (base === undefined) return undefined;
      try {
        measured[name] = await part(name, () => measure(name, base, test, context));
        for (const [ending, coverage] of PHASES[name] ?? []) {
          const start = coverage ? () => base.addCoverage() : () => Summarizer.load(join(folder, name));
          const model = await trained(ending, start, train, last, context);
          if (model === undefined) return undefined;
          measured[ending] = await part(ending, () => measure(ending, model, test, context, { forced: true }));
          model.dispose();
        }
      } finally {
        base.dispose();
      }
    }
    const { pointer, general, scaledDot, withCoverage, withoutCoverage, withoutCopyingLast } = measured;
    return {
      ours: {
        rougeL: withCoverage.rougeL,
        rouge1: withCoverage.rouge1,
        rouge2: withCoverage.rouge2,
        withoutCoverage: withoutCoverage.rougeL,
        withoutCopying: withoutCopyingLast.rougeL,
        leadWords: 100 * leadWords.rougeL.f1,
        repeatedTrigrams: withCoverage.forced!.trigrams,
        repeatedTrigramsWithout: withoutCoverage.forced!.trigrams,
        additive: pointer.rougeL,
        general: general.rougeL,
        scaledDot: scaledDot.rougeL,
      },
      details: {
        ...measured,
        leadWords: {
          words: lead,
          rouge1: 100 * leadWords.rouge1.f1,
          rouge2: 100 * leadWords.rouge2.f1,
          rougeL: 100 * leadWords.rougeL.f1,
        },
        references: percent(repetition(test.map(({ summary }) => summary))),
        trainingPairs: train.length,
      },
    };
  },
});

/** The saved model, or a new one, trained; undefined after Ctrl-C. */
async function trained(
  name: string,
  create: () => Summarizer | Promise<Summarizer>,
  pairs: readonly SummaryPair[],
  fit: SummarizerFitOptions,
  { folder, quick, signal }: ResultContext,
): Promise<Summarizer | undefined> {
  const home = join(folder, name);
  if (existsSync(join(home, 'config.json'))) return Summarizer.load(home);
  const summarizer = await create();
  const { reason } = await summarizer.fit(pairs, {
    ...fit,
    ...(quick ? {} : { checkpoints: join(home, 'checkpoints'), checkpointEverySteps: 100 }),
    truncation: 'end',
    signal,
    onEvent: progressBar({ unit: 'pairs', label: name, seconds: 30 }),
  });
  if (reason === 'aborted') {
    summarizer.dispose();
    return undefined;
  }
  await summarizer.save(home);
  return summarizer;
}

async function measure(
  name: string,
  summarizer: Summarizer,
  test: readonly SummaryPair[],
  { signal, print }: ResultContext,
  { forced = false } = {},
): Promise<Measures> {
  const options = { beams: BEAMS, truncation: 'end', signal } as const;
  const found = await summarizer.evaluate(test, options);
  const measures: Measures = {
    rouge1: 100 * found.rouge1.f1,
    rouge2: 100 * found.rouge2.f1,
    rougeL: 100 * found.rougeL.f1,
    repetition: percent(found.repetition),
    copiedWords: found.summaries.reduce((sum, { copied }) => sum + copied.length, 0) / test.length,
    ...(forced && {
      forced: percent((await summarizer.evaluate(test, { ...options, minimumWords: FORCED })).repetition),
    }),
  };
  print(`${name}: ROUGE-L ${measures.rougeL.toFixed(2)}`);
  return measures;
}

function firstWords(pairs: readonly SummaryPair[], count: number) {
  return pairs.map(({ text, summary }) => ({
    hypothesis: text.split(/\s+/).slice(0, count).join(' '),
    references: [summary],
  }));
}

/** How many first words give the best ROUGE-L. */
function bestLead(validation: readonly SummaryPair[]): number {
  const scores = Array.from({ length: 30 }, (_, i) => rouge(firstWords(validation, i + 1)).rougeL.f1);
  return scores.indexOf(Math.max(...scores)) + 1;
}

function percent({ words, bigrams, trigrams }: Repetition): Repetition {
  return { words: 100 * words, bigrams: 100 * bigrams, trigrams: 100 * trigrams };
}
