/**
 * Package descriptions in a line: a pointer-generator learns from Debian's packages to write the synopsis of a description, copies names that it
 * does not know, and shows which words of the description every word came from.
 *
 *     npx pnpm@12 demo nlp/summarize                                trains (or goes on), summarizes, writes a report
 *     npx pnpm@12 demo nlp/summarize --text "Frobz is a tool …"     summarizes a text with the saved model
 *     npx pnpm@12 demo nlp/summarize --score scaled-dot             the same with another score
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { renderTerminal, type LabelledMap } from '@heed/attention-core';
import { debianDescriptions, readDebianDescriptions, splitDescriptions, Summarizer, type Summary } from '@heed/nlp';
import { rouge, splitWords } from '@heed/tasks';
import { defineExample, downloadBar, fetchData, progressBar, writeReport } from '@heed/node';

/** What fits the time. */
const SETTINGS = {
  tensorflow: { width: 128, vocabulary: 4000, words: 50, steps: 1200, batch: 64 },
  wasm: { width: 64, vocabulary: 3000, words: 30, steps: 600, batch: 32 },
  cpu: { width: 32, vocabulary: 1000, words: 20, steps: 100, batch: 16 },
  quick: { width: 32, vocabulary: 1000, words: 20, steps: 20, batch: 16 },
};
const SHOWN = 100;
/** Longer synopses are not learnt from: their steps would be empty for nearly all others. */
const LONGEST = 12;

export default defineExample({
  summary: 'Learns to say in a line what a package is, copies names that it does not know, and shows where from.',
  minutes: { tensorflow: 3, wasm: 6 },
  options: {
    text: { type: 'string', description: 'summarize this instead of training, where there is a trained model' },
    score: {
      type: 'string',
      description: 'how the state of the writer is compared with the words that were read',
      choices: ['additive', 'general', 'scaled-dot'],
      default: 'additive',
    },
    steps: { type: 'number', description: 'updates; default: by backend' },
    beams: { type: 'number', description: 'summaries followed at once', default: 4 },
    seed: { type: 'number', description: 'of weights, order of the data and dropout', default: 1 },
  },
  run: async ({ options, signal, quick, backend, folder, print }) => {
    const defaults = SETTINGS[quick ? 'quick' : backend.name];
    const { score, beams, seed, text, steps = defaults.steps } = options;
    const home = join(folder, `${score}-${steps}-steps-of-${defaults.batch}-seed-${seed}`);
    const asked = { beams, attention: true, truncation: 'end', signal } as const;
    if (text !== undefined) {
      if (existsSync(join(home, 'config.json')))
        return show(await (await Summarizer.load(home)).summarize(text, asked), print);
      print('There is no trained model yet: training first.');
    }

    const data = await fetchData(debianDescriptions, { signal, onEvent: downloadBar() });
    const { train, validation } = splitDescriptions(await readDebianDescriptions(data));
    const seen = train.filter(({ summary }) => splitWords(summary).length <= LONGEST);
    const { width, vocabulary, words, batch } = defaults;
    const sizes = { embeddingWidth: width, hiddenWidth: width, vocabularySize: vocabulary, maximumWords: words };
    const summarizer = new Summarizer({ ...sizes, score, seed });
    const { reason, losses } = await summarizer.fit(seen, {
      steps,
      batchSize: batch,
      buckets: 3,
      learningRate: 0.003,
      truncation: 'end',
      checkpoints: join(home, 'checkpoints'),
      signal,
      onEvent: progressBar({ unit: 'descriptions', label: score }),
    });
    if (reason === 'aborted') return;
    await summarizer.save(home);
    print(`${summarizer.parameterCount} weights; ${seen.length} descriptions`);

    const held = validation.slice(0, SHOWN);
    const summaries = await summarizer.summarize(
      held.map((pair) => pair.text),
      asked,
    );
    const written = rouge(held.map(({ summary }, i) => ({ hypothesis: summaries[i].summary, references: [summary] })));
    const lead = rouge(
      held.map((pair) => ({ hypothesis: pair.text.split(/\s+/).slice(0, 10).join(' '), references: [pair.summary] })),
    );
    const percent = (f1: number) => (100 * f1).toFixed(1);
    print(`ROUGE-L on ${SHOWN} descriptions that it has not seen: ${percent(written.rougeL.f1)}`);
    print(`ROUGE-L of their first ten words: ${percent(lead.rougeL.f1)}`);
    // those with a copied word first: that is what this model is for
    const best = [...summaries.keys()].sort((a, b) => summaries[b].copied.length - summaries[a].copied.length);
    for (const i of best.slice(0, 3)) {
      show(summaries[i], print);
      print(`Debian says: ${held[i].summary}`);
    }

    const report = await writeReport(join(folder, 'report.html'), {
      title: `Debian's packages in a line: ${score} score`,
      summary: `${debianDescriptions.source}. ${seen.length} descriptions, ${steps} steps of ${defaults.batch}, seed ${seed}, ${backend.name}.`,
      sections: [
        {
          title: 'Loss',
          text: 'Cross-entropy of the words of the synopses, in training.',
          lineChart: {
            x: 'step',
            y: 'loss (nats)',
            series: [{ name: score, points: losses.map(({ step, loss }) => [step, loss]) }],
          },
        },
        {
          title: 'Descriptions that it has not seen',
          table: {
            columns: ['package', 'written', 'copied', 'Debian says'],
            rows: summaries
              .slice(0, 25)
              .map(({ summary, copied }, i) => [held[i].package, summary, named(copied), held[i].summary]),
          },
        },
        {
          title: 'Where it looks',
          text: 'One row for each word it writes, one column for each word of the description.',
          attention: best.slice(0, 5).flatMap((i): LabelledMap[] => {
            const { attention, summary } = summaries[i];
            return attention === undefined ? [] : [{ ...attention, name: `${held[i].package}: ${summary}` }];
          }),
          axes: { rows: 'written', columns: 'read' },
        },
      ],
    });
    print(`\nReport: ${report}`);
    if (text !== undefined) show(await summarizer.summarize(text, asked), print);
    summarizer.dispose();
  },
});

function show({ text, summary, copied, attention }: Summary, print: (text: string) => void): void {
  print(`\n${text.slice(0, 300)}${text.length > 300 ? '…' : ''}`);
  const name = `→ ${summary}${copied.length > 0 ? `   (copied: ${named(copied)})` : ''}`;
  // A model that has learnt little repeats itself without end.
  if (attention === undefined || attention.rows.length > 16) return print(name);
  // The words that were looked at most: a whole description is too wide for a terminal.
  const most = attention.columns.map((_, column) => Math.max(...attention.weights.map((row) => row[column])));
  const shown = [...most.keys()].sort((a, b) => most[b] - most[a]).slice(0, 12);
  shown.sort((a, b) => a - b);
  const map = {
    name,
    rows: attention.rows,
    columns: shown.map((column) => attention.columns[column]),
    weights: attention.weights.map((row) => shown.map((column) => row[column])),
  };
  print(renderTerminal(map, { color: process.stdout.isTTY }));
}

function named(copied: readonly string[]): string {
  return [...new Set(copied)].join(', ');
}
