/** German into English at full length: no attention, Bahdanau's, and attention alone, on Multi30k's test sentences of 2016. */
import { join } from 'node:path';
import {
  multi30k,
  readMulti30k,
  Translator,
  type Multi30kSplits,
  type Translation,
  type TranslationPair,
  type TranslatorOptions,
} from '@heed/nlp';
import { bleu } from '@heed/tasks';
import { defineResult, fetchData, progressBar, type ResultContext } from '@heed/node';

const BEAMS = 4;
const VOCABULARY = 8000;
const RECURRENT = { architecture: 'recurrent', width: 320, embeddingWidth: 256, cell: 'gru', dropout: 0.3 } as const;
const MODELS = {
  transformer: {
    config: {
      architecture: 'transformer',
      width: 256,
      layers: 3,
      heads: 8,
      feedForwardWidth: 512,
      dropout: 0.15,
    },
    fit: { epochs: 12, batchSize: 128, learningRate: 0.001 },
  },
  plain: {
    config: { ...RECURRENT, attention: 'none' },
    fit: { epochs: 7, batchSize: 128, learningRate: 0.002 },
  },
  bahdanau: {
    config: { ...RECURRENT, attention: 'bahdanau' },
    fit: { epochs: 7, batchSize: 128, learningRate: 0.002 },
  },
} as const satisfies Record<string, { config: TranslatorOptions; fit: object }>;
const QUICK = {
  config: {
    transformer: { width: 32, layers: 1, heads: 4, feedForwardWidth: 64, vocabularySize: 500 },
    recurrent: { width: 32, embeddingWidth: 32, vocabularySize: 500 },
  },
  fit: { steps: 10, batchSize: 16, buckets: 1 },
};
/** Words of the source, from and to. */
const LENGTHS = [
  [1, 8],
  [9, 12],
  [13, 16],
  [17, Infinity],
] as const;

const describe = ({ config, fit }: (typeof MODELS)[keyof typeof MODELS]) =>
  `dropout ${config.dropout}, ${fit.epochs} epochs, batches of ${fit.batchSize}, learning rate ${fit.learningRate}`;

/** What is measured of a model. */
interface Measures {
  readonly validation: number;
  readonly greedy: number;
  readonly beam: number;
  readonly perplexity: number;
  readonly weights: number;
  readonly trainingMinutes: number;
  readonly byLength: readonly { readonly words: string; readonly sentences: number; readonly bleu: number }[];
}

export default defineResult({
  task: 'German into English, Multi30k, test of 2016',
  figures: {
    transformer: { name: 'BLEU of the Transformer' },
    transformerGreedy: { name: 'greedy' },
    bahdanau: { name: "of Bahdanau's attention" },
    bahdanauGreedy: { name: 'greedy' },
    plain: { name: 'without attention' },
    plainGreedy: { name: 'greedy' },
  },
  published: {
    value:
      'BLEU 36.5 of a Transformer of 9.0 M weights, 28.1 with Bahdanau’s attention (20.5 M), in lower case and split into words',
    source: 'bentrevett/pytorch-seq2seq',
  },
  minutes: 65,
  protocol:
    'github multi30k/dataset a3d2e0d, as published: 29,000 pairs to train on, 1,014 to choose settings by, test_2016_flickr (1,000) looked at once. Text as it ' +
    `stands, in its own case; ${VOCABULARY} byte-level BPE tokens of both languages. BLEU is sacrebleu's (13a, cased), by ${BEAMS} beams, and greedily. Transformer: ` +
    `3 + 3 layers, 256 wide, 8 heads, one embedding for both languages and the output, ${describe(MODELS.transformer)}. Recurrent: a bidirectional GRU of ` +
    `${RECURRENT.width}, without attention the last state at every step; ${describe(MODELS.bahdanau)}. All: Adam, warm-up over a twentieth, cosine to 0, label ` +
    'smoothing 0.1, the last weights.',
  data: [multi30k],
  run: async (context) => {
    const pairs = await readMulti30k(await fetchData(multi30k, { signal: context.signal }), { from: 'de', to: 'en' });
    const measured: Partial<Record<keyof typeof MODELS, Measures>> = {};
    for (const name of Object.keys(MODELS) as (keyof typeof MODELS)[]) {
      const measures = await context.part(name, () => measure(name, pairs, context));
      if (measures === undefined) return undefined;
      measured[name] = measures;
    }
    const { transformer, bahdanau, plain } = measured as Record<keyof typeof MODELS, Measures>;
    return {
      ours: {
        transformer: transformer.beam,
        transformerGreedy: transformer.greedy,
        bahdanau: bahdanau.beam,
        bahdanauGreedy: bahdanau.greedy,
        plain: plain.beam,
        plainGreedy: plain.greedy,
      },
      details: { transformer, bahdanau, plain },
    };
  },
});

/** Trains and measures; undefined after Ctrl-C. */
async function measure(
  name: keyof typeof MODELS,
  { train, validation, test }: Multi30kSplits,
  { folder, quick, seed, signal, print }: ResultContext,
): Promise<Measures | undefined> {
  const few = (pairs: readonly TranslationPair[]) => (quick ? pairs.slice(0, 32) : pairs);
  const { config, fit } = MODELS[name];
  const full = { seed, ...config, vocabularySize: VOCABULARY };
  const small =
    config.architecture === 'transformer'
      ? { ...config, ...QUICK.config.transformer }
      : { ...config, ...QUICK.config.recurrent };
  const translator = new Translator(quick ? { seed, ...small } : full);
  try {
    const history = await translator.fit(few(train), {
      ...(quick ? QUICK.fit : { ...fit, checkpoints: join(folder, name), checkpointEverySteps: 200 }),
      signal,
      onEvent: progressBar({ unit: 'sentences', label: name, seconds: 30 }),
    });
    if (history.reason === 'aborted') return undefined;
    const chosenBy = await translator.evaluate(few(validation), { beams: BEAMS, signal });
    print(`${name}: BLEU ${chosenBy.bleu.toFixed(2)} on validation sentences`);
    const beam = await translator.evaluate(few(test), { beams: BEAMS, signal });
    const greedy = await translator.evaluate(few(test), { beams: 1, signal });
    const measures: Measures = {
      validation: chosenBy.bleu,
      beam: beam.bleu,
      greedy: greedy.bleu,
      perplexity: beam.perplexity,
      weights: translator.parameterCount,
      trainingMinutes: history.seconds / 60,
      byLength: byLength(few(test), beam.translations),
    };
    return measures;
  } finally {
    translator.dispose();
  }
}

/** BLEU of sentences by the words of their source. */
function byLength(pairs: readonly TranslationPair[], translations: readonly Translation[]): Measures['byLength'] {
  return LENGTHS.map(([from, to]) => {
    const chosen = pairs.flatMap(({ source, target }, i) => {
      const words = source.split(/\s+/).length;
      return words < from || words > to ? [] : [{ hypothesis: translations[i].text, references: [target] }];
    });
    return {
      words: Number.isFinite(to) ? `${from}–${to}` : `${from} and more`,
      sentences: chosen.length,
      bleu: chosen.length === 0 ? 0 : Number(bleu(chosen).bleu.toFixed(2)),
    };
  });
}
