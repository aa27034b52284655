/**
 * Letters to sounds: learns from the CMU pronouncing dictionary how English words are spoken, once with attention and once without, and
 * shows what attention is for. Without it the whole word has to fit into one vector, and long words do not.
 *
 *     npx pnpm@12 demo                      trains both (or goes on), compares them, writes a report
 *     npx pnpm@12 demo --word regards       pronounces a word, with its alignment
 *
 * The steps: data → two models of the same size → the same training → errors by word length → alignments → report.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { renderTerminal, type LabelledMap } from '@heed/attention-core';
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
import type { FitHistory } from '@heed/tasks';
import { defineExample, downloadBar, fetchData, progressBar, writeReport } from '@heed/node';

/** What fits the time: a few minutes natively, and a smaller model for a shorter time where matrices are slower. */
const SETTINGS = {
  tensorflow: { width: 128, steps: 2500, batch: 128, rate: 0.003, buckets: 6, test: 12_000 },
  wasm: { width: 64, steps: 1000, batch: 128, rate: 0.004, buckets: 6, test: 3000 },
  cpu: { width: 32, steps: 300, batch: 64, rate: 0.006, buckets: 6, test: 500 },
  quick: { width: 32, steps: 80, batch: 64, rate: 0.015, buckets: 2, test: 200 },
};

const NAMES = { attention: 'with attention', plain: 'without attention' } as const;

/** One of the two models, after its training. */
interface Trained {
  readonly name: string;
  readonly pronouncer: Pronouncer;
  readonly losses: FitHistory['losses'];
}

export default defineExample({
  summary: 'Learns to pronounce English words, with attention and without, and shows the alignments.',
  minutes: { tensorflow: 4, wasm: 5 },
  options: {
    word: { type: 'string', description: 'pronounce this word instead of training, where there is a trained model' },
    attention: {
      type: 'string',
      description: 'what is compared with no attention',
      choices: ['bahdanau', 'luong-dot', 'luong-general', 'luong-concat'],
      default: 'bahdanau',
    },
    cell: { type: 'string', description: 'recurrent cell', choices: ['gru', 'lstm'], default: 'gru' },
    width: { type: 'number', description: 'hidden width of the model with attention; default: by backend' },
    steps: { type: 'number', description: 'updates of each model; default: by backend' },
    batch: { type: 'number', description: 'words per update; default: by backend' },
    beams: { type: 'number', description: 'pronunciations followed at once in the evaluation', default: 1 },
    seed: { type: 'number', description: 'of weights, order of the data and dropout', default: 1 },
  },
  run: async ({ options, signal, quick, backend, folder, print }) => {
    const defaults = SETTINGS[quick ? 'quick' : backend.name];
    const { width = defaults.width, steps = defaults.steps, batch = defaults.batch } = options;
    const { attention, cell, beams, seed, word } = options;
    const configs = configsOf({ attention, cell, hiddenWidth: width, seed });
    const home = join(folder, `${attention}-${cell}-${width}-steps-${steps}-batch-${batch}-seed-${seed}`);
    const homes = { attention: join(home, 'with-attention'), plain: join(home, 'without-attention') };

    if (word !== undefined) {
      if (existsSync(join(homes.attention, 'config.json'))) {
        return pronounceOne(await Pronouncer.load(homes.attention), word, print);
      }
      print(`There is no trained model yet, so "${word}" has to wait: training first.`);
    }

    const { train, test } = splitCmudict(
      await readCmudict(await fetchData(cmudict, { signal, onEvent: downloadBar() })),
    );
    const heldOut = test.slice(0, defaults.test);
    print(
      `CMUdict: ${train.length} words to learn from, ${heldOut.length} held-out words to test on ` +
        `(${quick ? 'quick: a tiny model, few words' : `settings for ${backend.name}`}).`,
    );

    const fit = { steps, batchSize: batch, learningRate: defaults.rate, buckets: defaults.buckets, signal };
    const models: Trained[] = [];
    for (const key of ['attention', 'plain'] as const) {
      const trained = await learn(NAMES[key], homes[key], configs[key], train, fit, print);
      if (trained === undefined) return;
      models.push(trained);
    }

    print(
      `Pronouncing ${heldOut.length} words that neither has seen; a word is right if any of its pronunciations is given.`,
    );
    const evaluations: PronouncerEvaluation[] = [];
    for (const { pronouncer } of models) {
      evaluations.push(await pronouncer.evaluate(heldOut, { beams, signal }));
    }
    const errors = errorTable(models, evaluations);
    print(asText(errors.columns, errors.rows));

    const shown = chooseWords(heldOut);
    const pictures: LabelledMap[] = [];
    const answers: string[][] = [];
    for (const { word, pronunciations } of shown) {
      const [looking, plain] = await Promise.all(
        models.map(({ pronouncer }) => pronouncer.pronounce(word, { attention: true })),
      );
      const { attention, phonemes } = looking;
      if (attention !== undefined) pictures.push({ ...attention, name: `${word} → ${phonemes.join(' ')}` });
      answers.push([word, pronunciations.join(', or '), looking.phonemes.join(' '), plain.phonemes.join(' ')]);
    }
    for (const picture of pictures.slice(0, 3)) print(`\n${renderTerminal(picture, { color: process.stdout.isTTY })}`);

    const report = await writeReport(join(folder, 'report.html'), {
      title: 'Letters to sounds, with attention and without',
      summary:
        `${cmudict.source}. ${train.length} words to learn from, ${heldOut.length} held-out words. ` +
        `${steps} steps of ${batch} words each, seed ${seed}, ${backend.name}.`,
      sections: [
        {
          title: 'Errors on held-out words',
          text:
            'PER: edits per phoneme; WER: words whose pronunciation is not one of the right ones. Without attention all that is known of a word ' +
            'has to fit into one vector, and the longer the word, the more is lost.',
          table: errors,
        },
        {
          title: 'Phoneme error rate by word length',
          lineChart: {
            x: 'letters',
            y: 'PER %',
            series: models.map(({ name }, i) => ({
              name,
              points: evaluations[i].byLength.map(({ letters: [from, to], phonemeErrorRate }) => [
                Number.isFinite(to) ? (from + to) / 2 : from,
                100 * phonemeErrorRate,
              ]),
            })),
          },
        },
        {
          title: 'Loss',
          text: 'Cross-entropy with label smoothing 0.1, in training.',
          lineChart: {
            x: 'step',
            y: 'loss (nats)',
            series: models.map(({ name, losses }) => ({ name, points: losses.map(({ step, loss }) => [step, loss]) })),
          },
        },
        {
          title: 'Side by side',
          table: { columns: ['word', 'right', NAMES.attention, NAMES.plain], rows: answers },
        },
        {
          title: 'Where the model with attention looks',
          text: 'One row for each phoneme it says, one column for each letter.',
          attention: pictures,
          axes: { rows: 'said', columns: 'written' },
        },
      ],
    });
    print(`\nReport: ${report}`);
    if (word !== undefined) await pronounceOne(models[0].pronouncer, word, print);
    for (const { pronouncer } of models) pronouncer.dispose();
  },
});

/** Two models of the same size, apart from attention. */
function configsOf(change: Partial<PronouncerConfig>): Record<'attention' | 'plain', PronouncerConfig> {
  const attention = new Pronouncer({ ...recurrentSeq2SeqPresets['letter-to-sound-small'], ...change }).config;
  const sizes = {
    sourceSize: Number(cmudict.statistics!.letters),
    targetSize: Number(cmudict.statistics!['phonemes without stress']) + 2,
  };
  const { seed, maximumLetters, ...model } = attention;
  const { sourceSize: _, targetSize: __, ...plain } = withoutAttention({ ...model, ...sizes });
  return { attention, plain: { ...plain, seed, maximumLetters } };
}

/** Trains a model, or goes on from its checkpoint; a finished one is read at once. Nothing where Ctrl-C came first. */
async function learn(
  name: string,
  home: string,
  config: PronouncerConfig,
  train: readonly LexiconEntry[],
  fit: PronouncerFitOptions,
  print: (text: string) => void,
): Promise<Trained | undefined> {
  const pronouncer = new Pronouncer(config);
  const { reason, steps, losses } = await pronouncer.fit(train, {
    ...fit,
    checkpoints: join(home, 'checkpoints'),
    onEvent: progressBar({ unit: 'words', label: name }),
  });
  if (reason === 'aborted') return undefined;
  await pronouncer.save(home);
  print(`${name}: ${pronouncer.parameterCount} weights, ${steps} steps`);
  return { name, pronouncer, losses };
}

async function pronounceOne(pronouncer: Pronouncer, word: string, print: (text: string) => void): Promise<void> {
  const { phonemes, alternatives, attention } = await pronouncer.pronounce(word, { attention: true });
  print(`${word}: ${phonemes.join(' ')}`);
  const others = alternatives.slice(0, 2).map((other) => other.phonemes.join(' '));
  print(`or: ${others.join(', ')}`);
  if (attention !== undefined) print(`\n${renderTerminal(attention, { color: process.stdout.isTTY })}`);
}

function errorTable(models: readonly Trained[], evaluations: readonly PronouncerEvaluation[]) {
  const percent = (rate: number) => (100 * rate).toFixed(1);
  const row = (
    label: string,
    words: number,
    of: (evaluation: PronouncerEvaluation) => { phonemeErrorRate: number; wordErrorRate: number },
  ) => [
    label,
    String(words),
    ...evaluations.flatMap((evaluation) => [
      percent(of(evaluation).phonemeErrorRate),
      percent(of(evaluation).wordErrorRate),
    ]),
  ];
  return {
    columns: ['letters', 'words', ...models.flatMap(({ name }) => [`PER % ${name}`, `WER % ${name}`])],
    rows: [
      ...evaluations[0].byLength.map(({ letters: [from, to], words }, i) =>
        row(Number.isFinite(to) ? `${from}–${to}` : `${from} and more`, words, ({ byLength }) => byLength[i]),
      ),
      row('all', evaluations[0].words, (evaluation) => evaluation),
    ],
  };
}

/** A short word, one of middle length and a long one first, then more. */
function chooseWords(entries: readonly LexiconEntry[]): LexiconEntry[] {
  const lengths = [7, 10, 14, 5, 8, 9, 11, 12, 13, 15];
  return lengths.flatMap((length) => entries.find(({ word }) => word.length === length && /^[a-z]+$/.test(word)) ?? []);
}

function asText(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i].length)));
  return [columns, ...rows].map((row) => row.map((cell, i) => cell.padStart(widths[i])).join('  ')).join('\n');
}
