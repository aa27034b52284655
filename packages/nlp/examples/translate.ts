/**
 * German into English: a small Transformer learns some thousands of sentence pairs of Multi30k, translates sentences that it has seen and
 * sentences that it has not, and shows which German words every English word came from.
 *
 *     npx pnpm@12 demo nlp/translate                                trains (or goes on), translates, writes a report
 *     npx pnpm@12 demo nlp/translate --text "Ein Hund läuft."       translates a sentence with the saved model
 *     npx pnpm@12 demo nlp/translate --architecture recurrent       the same with a recurrent network and Bahdanau's attention
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { renderTerminal, type LabelledMap } from '@heed/attention-core';
import { multi30k, readMulti30k, Translator, type Translation, type TranslationPair } from '@heed/nlp';
import { bleu } from '@heed/tasks';
import { defineExample, downloadBar, fetchData, progressBar, writeReport } from '@heed/node';

/** What fits the time: enough to know the training sentences, not enough to translate well. */
const SETTINGS = {
  tensorflow: { width: 128, layers: 2, pairs: 4000, steps: 900, batch: 64, vocabulary: 3000 },
  wasm: { width: 96, layers: 2, pairs: 1000, steps: 500, batch: 32, vocabulary: 1500 },
  cpu: { width: 32, layers: 1, pairs: 200, steps: 150, batch: 16, vocabulary: 600 },
  quick: { width: 32, layers: 1, pairs: 100, steps: 30, batch: 16, vocabulary: 500 },
};
const SHOWN = 100;

export default defineExample({
  summary: 'Learns to translate German into English from some thousand pairs, and shows what it looks at.',
  minutes: { tensorflow: 4, wasm: 6 },
  options: {
    text: { type: 'string', description: 'translate this instead of training, where there is a trained model' },
    architecture: {
      type: 'string',
      description: 'attention alone, or a recurrent network that attends',
      choices: ['transformer', 'recurrent'],
      default: 'transformer',
    },
    pairs: { type: 'number', description: 'sentence pairs to learn from (all: 29000); default: by backend' },
    steps: { type: 'number', description: 'updates; default: by backend' },
    beams: { type: 'number', description: 'translations followed at once', default: 4 },
    seed: { type: 'number', description: 'of weights, order of the data and dropout', default: 1 },
  },
  run: async ({ options, signal, quick, backend, folder, print }) => {
    const defaults = SETTINGS[quick ? 'quick' : backend.name];
    const { pairs = defaults.pairs, steps = defaults.steps } = options;
    const { architecture, beams, seed, text } = options;
    const home = join(folder, `${architecture}-${pairs}-pairs-${steps}-steps-seed-${seed}`);
    if (text !== undefined) {
      if (existsSync(join(home, 'config.json'))) {
        const translator = await Translator.load(home);
        return show(await translator.translate(text, { beams, attention: true }), print);
      }
      print('There is no trained model yet: training first.');
    }

    const { train, test } = await readMulti30k(await fetchData(multi30k, { signal, onEvent: downloadBar() }), {
      from: 'de',
      to: 'en',
    });
    const seen = train.slice(0, pairs);
    const { width, layers, vocabulary, batch } = defaults;
    const sizes = { width, vocabularySize: vocabulary, dropout: 0.1, seed };
    const translator = new Translator(
      architecture === 'recurrent'
        ? { architecture, ...sizes, embeddingWidth: width }
        : { architecture: 'transformer', ...sizes, layers, heads: 4, feedForwardWidth: 2 * width },
    );
    const { reason, losses } = await translator.fit(seen, {
      steps,
      batchSize: batch,
      learningRate: 0.002,
      checkpoints: join(home, 'checkpoints'),
      signal,
      onEvent: progressBar({ unit: 'sentences', label: architecture }),
    });
    if (reason === 'aborted') return;
    await translator.save(home);
    print(`${translator.parameterCount} weights; ${seen.length} pairs`);

    const known = await translate(translator, seen.slice(0, SHOWN), beams, signal);
    const unknown = await translate(translator, test.slice(0, SHOWN), beams, signal);
    print(`BLEU on ${SHOWN} sentences that it learnt from: ${known.bleu.toFixed(1)}`);
    print(
      `BLEU on ${SHOWN} sentences that it has not seen: ${unknown.bleu.toFixed(1)} (for more: --pairs 29000 --steps 5000)`,
    );
    const [first, second] = known.translations;
    for (const translation of [first, second, unknown.translations[0]]) show(translation, print);

    const report = await writeReport(join(folder, 'report.html'), {
      title: `German into English: ${architecture}`,
      summary: `${multi30k.source}. ${seen.length} pairs, ${steps} steps of ${batch}, seed ${seed}, ${backend.name}.`,
      sections: [
        {
          title: 'Loss',
          text: 'Cross-entropy with label smoothing 0.1, in training.',
          lineChart: {
            x: 'step',
            y: 'loss (nats)',
            series: [{ name: architecture, points: losses.map(({ step, loss }) => [step, loss]) }],
          },
        },
        { title: 'Sentences that it learnt from', table: compare(seen, known.translations) },
        { title: 'Sentences that it has not seen', table: compare(test, unknown.translations) },
        {
          title: 'Where it looks',
          text: 'One row for each token it writes, one column for each token of the source.',
          attention: [...known.translations.slice(0, 3), ...unknown.translations.slice(0, 3)].flatMap(
            ({ attention }): LabelledMap[] => (attention === undefined ? [] : [attention]),
          ),
          axes: { rows: 'written', columns: 'read' },
        },
      ],
    });
    print(`\nReport: ${report}`);
    if (text !== undefined) show(await translator.translate(text, { beams, attention: true }), print);
    translator.dispose();
  },
});

async function translate(
  translator: Translator,
  pairs: readonly TranslationPair[],
  beams: number,
  signal: AbortSignal,
): Promise<{ bleu: number; translations: Translation[] }> {
  const translations = await translator.translate(
    pairs.map(({ source }) => source),
    { beams, attention: true, signal },
  );
  const compared = pairs.map(({ target }, i) => ({ hypothesis: translations[i].text, references: [target] }));
  return { bleu: bleu(compared).bleu, translations };
}

function compare(pairs: readonly TranslationPair[], translations: readonly Translation[]) {
  const rows = translations.slice(0, 10).map(({ source, text }, i) => [source, text, pairs[i].target]);
  return { columns: ['German', 'translated', 'reference'], rows };
}

function show({ source, text, attention }: Translation, print: (text: string) => void): void {
  const name = `${source} → ${text}`;
  // A model that has learnt little repeats itself without end.
  const drawable = attention !== undefined && attention.rows.length <= 40;
  print(drawable ? `\n${renderTerminal({ ...attention, name }, { color: process.stdout.isTTY })}` : `\n${name}`);
}
