/** Letters to sounds at full length: the pronouncer with attention, and the same without, on 12,000 held-out words. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  cmudict,
  Pronouncer,
  readCmudict,
  recurrentSeq2SeqPresets,
  splitCmudict,
  withoutAttention,
  type LexiconEntry,
  type PronouncerConfig,
  type PronouncerEvaluation,
  type PronouncerFitOptions,
} from '@heed/nlp';
import { defineResult, fetchData, progressBar, type ResultContext } from '@heed/node';

const BEAMS = 5;
const FULL = { epochs: 12, batchSize: 128, learningRate: 0.002, labelSmoothing: 0.1 };
const QUICK = { steps: 40, batchSize: 64, learningRate: 0.01, buckets: 2 };

export default defineResult({
  task: 'Letters to sounds, CMUdict',
  figures: { phonemeErrorRate: { name: 'PER', unit: '%' }, wordErrorRate: { name: 'WER', unit: '%' } },
  baseline: 'the same without attention: as many weights, the same data and steps',
  published: {
    value: 'PER 5.04 %, WER 21.69 %; without attention PER 7.63 %, WER 28.61 %',
    source:
      'Toshniwal & Livescu 2016, global attention; Yao & Zweig 2015, encoder-decoder LSTM; both on an older release of the dictionary with a split of its own',
  },
  minutes: 40,
  protocol:
    'npm cmu-pronouncing-dictionary 3.0.0, all words, stress dropped (39 phonemes), split by word: 108,046 to train on, 6,000 to choose settings by, ' +
    '12,000 to test on, looked at once. A word is right if any of its pronunciations is given, and its phoneme errors are counted against the closest. ' +
    `Preset 'letter-to-sound', ${FULL.epochs} epochs, batches of ${FULL.batchSize}, Adam at ${FULL.learningRate} with warm-up and cosine, label smoothing ` +
    `${FULL.labelSmoothing}, the last weights, ${BEAMS} beams, no ensemble.`,
  data: [cmudict],
  run: async (context) => {
    const { seed, quick, signal, print } = context;
    const { train, validation, test } = splitCmudict(await readCmudict(await fetchData(cmudict, { signal })));
    const heldOut = quick ? test.slice(0, 200) : test;
    const chosenBy = quick ? validation.slice(0, 200) : validation;
    const preset = { ...recurrentSeq2SeqPresets['letter-to-sound'], ...(quick ? { hiddenWidth: 32 } : {}) };
    const attention: PronouncerConfig = new Pronouncer({ ...preset, seed }).config;
    const sizes = { sourceSize: 29, targetSize: 41 }; // letters; phonemes, start and end
    const { sourceSize: _s, targetSize: _t, ...plain } = withoutAttention({ ...preset, ...sizes });

    const evaluations: PronouncerEvaluation[] = [];
    const validations: ReturnType<typeof percent>[] = [];
    const weights: number[] = [];
    for (const [name, config] of Object.entries({
      'with attention': attention,
      'without attention': { ...attention, ...plain },
    })) {
      const pronouncer = await trained(name, config, train, context);
      if (pronouncer === undefined) return undefined;
      const onValidation = percent(await pronouncer.evaluate(chosenBy, { beams: BEAMS, signal }));
      print(
        `${name}: PER ${onValidation.phonemeErrorRate.toFixed(2)} %, WER ${onValidation.wordErrorRate.toFixed(2)} % on validation words`,
      );
      validations.push(onValidation);
      evaluations.push(await pronouncer.evaluate(heldOut, { beams: BEAMS, signal }));
      weights.push(pronouncer.parameterCount);
      pronouncer.dispose();
    }
    const [ours, baseline] = evaluations;
    return {
      ours: percent(ours),
      baseline: percent(baseline),
      details: {
        words: ours.words,
        weights: { ours: weights[0], baseline: weights[1] },
        validation: { ours: validations[0], baseline: validations[1] },
        byLength: { ours: ours.byLength.map(percentByLength), baseline: baseline.byLength.map(percentByLength) },
      },
    };
  },
});

/** A trained model, from an earlier part of this run where it was finished there; undefined after Ctrl-C. */
async function trained(
  name: string,
  config: PronouncerConfig,
  train: readonly LexiconEntry[],
  { folder, quick, signal }: ResultContext,
): Promise<Pronouncer | undefined> {
  const home = join(folder, name.replace(' ', '-'));
  if (existsSync(join(home, 'config.json'))) return Pronouncer.load(home);
  const pronouncer = new Pronouncer(config);
  const options: PronouncerFitOptions = quick ? QUICK : FULL;
  const { reason } = await pronouncer.fit(train, {
    ...options,
    checkpoints: join(home, 'checkpoints'),
    checkpointEverySteps: 200,
    signal,
    onEvent: progressBar({ unit: 'words', label: name, seconds: 30 }),
  });
  if (reason === 'aborted') return undefined;
  await pronouncer.save(home);
  return pronouncer;
}

function percent({ phonemeErrorRate, wordErrorRate }: PronouncerEvaluation) {
  return { phonemeErrorRate: 100 * phonemeErrorRate, wordErrorRate: 100 * wordErrorRate };
}

function percentByLength({ letters: [from, to], words, ...rates }: PronouncerEvaluation['byLength'][number]) {
  return {
    letters: Number.isFinite(to) ? `${from}–${to}` : `${from} and more`,
    words,
    phonemeErrorRate: Number((100 * rates.phonemeErrorRate).toFixed(2)),
    wordErrorRate: Number((100 * rates.wordErrorRate).toFixed(2)),
  };
}
