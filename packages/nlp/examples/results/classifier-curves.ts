/** How a classifier learns: accuracy by how much it has to learn from, and by how noisy the texts are that it is asked about; with attention and with means. */
import { join } from 'node:path';
import { Random } from '@heed/attention-core';
import {
  addTypos,
  dropWords,
  hutto,
  readHutto,
  splitMovieSentences,
  TextClassifier,
  type LabelledText,
  type SentimentSplits,
} from '@heed/nlp';
import { defineResult, fetchData, progressBar, writeReport, type ResultContext } from '@heed/node';

const NETWORK = {
  labels: ['positive', 'negative'],
  wordWidth: 64,
  hiddenWidth: 64,
  maximumTokens: 48,
  vocabularySize: 10_000,
  dropout: 0.4,
};
const FIT = { batchSize: 64, buckets: 2, learningRate: 0.002, truncation: 'end' } as const;
const STEPS = 360;
const FRACTIONS = [0.01, 0.03, 0.1, 0.3, 1];
const NOISES = { typos: addTypos, dropped: dropWords };
const SHARES = [0, 0.1, 0.2, 0.3];
const SEEDS = 3;

const stepsFor = (fraction: number) => Math.round(STEPS * Math.cbrt(fraction));
/** Sentences to learn from, in whole batches: a step of one shape is recorded once. */
const sentencesFor = (fraction: number, all: number) =>
  Math.max(1, Math.round((fraction * all) / FIT.batchSize)) * FIT.batchSize;

/** Accuracies in percent of one training: on validation and test sentences, and on test sentences by noise and share where it learnt from all. */
interface Measures {
  readonly validation: number;
  readonly test: number;
  readonly noisy?: Readonly<Record<keyof typeof NOISES, readonly number[]>>;
}

/** Mean and standard deviation over the seeds. */
interface Curves {
  readonly validation: readonly Spread[];
  readonly fractions: readonly Spread[];
  readonly typos: readonly Spread[];
  readonly dropped: readonly Spread[];
}
interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

export default defineResult({
  task: 'How classifiers of film sentences learn (hutto)',
  figures: {
    all: { name: 'accuracy', unit: '%' },
    tenth: { name: 'from a tenth of the sentences', unit: '%' },
    hundredth: { name: 'from a hundredth', unit: '%' },
    typos: { name: 'with 10 % of letters mistyped', unit: '%' },
    dropped: { name: 'with 30 % of words left out', unit: '%' },
  },
  baseline: 'the same with means in place of attention',
  minutes: 8,
  protocol:
    'PyPI vaderSentiment 3.3.2, film sentences, splitMovieSentences(): 7,566 to learn from, 1,000 to look at settings with, 2,000 to test on. Yang et al. ' +
    `2016's hierarchical network from scratch, ${NETWORK.hiddenWidth} wide, with attention and with means, the same settings and steps for both: AdamW at ` +
    `${FIT.learningRate} with warm-up and linear decay, batches of ${FIT.batchSize}, dropout ${NETWORK.dropout}, the last weights; ` +
    `${FRACTIONS.map(stepsFor).join(', ')} steps on ${FRACTIONS.map((fraction) => 100 * fraction).join(', ')} % of the sentences, in whole batches and drawn by the seed. Those who learnt ` +
    `from all are asked about test sentences with ${SHARES.map((share) => 100 * share).join(', ')} % of the letters mistyped (addTypos) or of the words left out ` +
    `(dropWords). Means over ${SEEDS} seeds; all curves with their standard deviations are in the details.`,
  data: [hutto],
  run: async (context) => {
    const { quick, seed, signal, folder, part, print } = context;
    const all = splitMovieSentences(await readHutto(await fetchData(hutto, { signal }), 'movies'));
    const few = (examples: readonly LabelledText[]) => (quick ? examples.slice(0, 60) : examples);
    const splits = { train: few(all.train), validation: few(all.validation), test: few(all.test) };
    const curves: Record<string, Curves> = {};
    for (const [name, architecture] of [
      ['attention', 'han'],
      ['means', 'mean'],
    ] as const) {
      const runs: Measures[][] = [];
      for (let s = seed; s < seed + (quick ? 1 : SEEDS); s++) {
        runs.push([]);
        for (const fraction of FRACTIONS) {
          const measured = await part(`${name}-${s}-${fraction}`, () =>
            measure(name, architecture, s, fraction, splits, context),
          );
          if (measured === undefined) return undefined;
          runs.at(-1)!.push(measured);
        }
      }
      const over = (pick: (run: readonly Measures[]) => readonly number[]) => spread(runs.map(pick));
      curves[name] = {
        validation: over((run) => run.map(({ validation }) => validation)),
        fractions: over((run) => run.map(({ test }) => test)),
        typos: over((run) => run.at(-1)!.noisy!.typos),
        dropped: over((run) => run.at(-1)!.noisy!.dropped),
      };
    }
    print(`Report: ${await report(join(folder, 'report.html'), curves)}`);
    const figures = ({ fractions, typos, dropped }: Curves) => ({
      all: fractions.at(-1)!.mean,
      tenth: fractions[FRACTIONS.indexOf(0.1)].mean,
      hundredth: fractions[FRACTIONS.indexOf(0.01)].mean,
      typos: typos[SHARES.indexOf(0.1)].mean,
      dropped: dropped[SHARES.indexOf(0.3)].mean,
    });
    return {
      ours: figures(curves.attention),
      baseline: figures(curves.means),
      details: { fractions: FRACTIONS, shares: SHARES, ...curves },
    };
  },
});

/** Trains and measures; undefined after Ctrl-C. */
async function measure(
  name: string,
  architecture: 'han' | 'mean',
  seed: number,
  fraction: number,
  { train, validation, test }: SentimentSplits,
  { quick, signal, print }: ResultContext,
): Promise<Measures | undefined> {
  const label = `${name}, seed ${seed}, ${100 * fraction} %`;
  const drawn = new Random(seed).fork('sentences').shuffle(train);
  const classifier = new TextClassifier({ ...NETWORK, architecture, seed });
  try {
    const { reason } = await classifier.fit(drawn.slice(0, sentencesFor(fraction, drawn.length)), {
      ...FIT,
      steps: quick ? 4 : stepsFor(fraction),
      signal,
      onEvent: progressBar({ unit: 'sentences', label, seconds: 30 }),
    });
    if (reason === 'aborted') return undefined;
    const accuracy = async (examples: readonly LabelledText[]) => {
      const options = { truncation: FIT.truncation, batchSize: 250, signal };
      return 100 * (await classifier.evaluate(examples, options)).accuracy;
    };
    const measures: Measures = { validation: await accuracy(validation), test: await accuracy(test) };
    const noisy: Record<string, number[]> = { typos: [], dropped: [] };
    for (const [kind, noise] of fraction === 1 ? Object.entries(NOISES) : []) {
      for (const share of SHARES) {
        const random = new Random(seed).fork(`${kind} ${share}`); // the same texts for both networks
        noisy[kind].push(
          await accuracy(test.map(({ text, label }) => ({ text: noise(text, { share, random }), label }))),
        );
      }
    }
    const all = { ...measures, ...(fraction === 1 && { noisy }) };
    print(`${label}: accuracy ${measures.validation.toFixed(1)} % on validation sentences`);
    return all as Measures;
  } finally {
    classifier.dispose();
  }
}

/** @param runs of each seed, a value for each point of a curve */
function spread(runs: readonly (readonly number[])[]): Spread[] {
  return runs[0].map((_, point) => {
    const values = runs.map((run) => run[point]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
  });
}

/** The curves as charts. @returns the page's path */
function report(path: string, curves: Readonly<Record<string, Curves>>): Promise<string> {
  const chart = (x: string, at: readonly number[], pick: (curves: Curves) => readonly Spread[]) => ({
    x,
    y: 'accuracy (%)',
    series: Object.entries(curves).map(([name, own]) => ({
      name,
      points: pick(own).map(({ mean }, i) => [100 * at[i], mean] as const),
    })),
  });
  return writeReport(path, {
    title: 'How classifiers of film sentences learn',
    summary: 'A hierarchical network with attention and with means. Means over seeds, on test sentences.',
    sections: [
      {
        title: 'By what it learns from',
        lineChart: chart('% of the training sentences', FRACTIONS, ({ fractions }) => fractions),
      },
      { title: 'By typing mistakes', lineChart: chart('% of letters mistyped', SHARES, ({ typos }) => typos) },
      { title: 'By words left out', lineChart: chart('% of words left out', SHARES, ({ dropped }) => dropped) },
    ],
  });
}
