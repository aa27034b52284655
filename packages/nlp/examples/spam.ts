/**
 * Spam: learns from 4,230 mails which are spam, with a hierarchical attention network, and shows for some that it has not seen which sentences
 * and which words decided.
 *
 *     npx pnpm@12 demo nlp/spam
 *     npx pnpm@12 demo nlp/spam --mail "Dear friend, you have won 1000 dollars! Click here."
 *
 * The steps: data → training → accuracy on validation mails → the sentences and words of four mails → report.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderTerminal } from '@heed/attention-core';
import { readSpamAssassin, renderDocument, spamAssassin, splitMails, TextClassifier } from '@heed/nlp';
import { defineExample, downloadBar, fetchData, progressBar, writeReport } from '@heed/node';

/** What fits the time. */
const SETTINGS = {
  tensorflow: { width: 64, epochs: 2, train: Infinity, tokens: 192, validation: Infinity },
  wasm: { width: 32, epochs: 1, train: 2000, tokens: 96, validation: 300 },
  cpu: { width: 16, epochs: 1, train: 300, tokens: 64, validation: 100 },
  quick: { width: 16, epochs: 4, train: 200, tokens: 64, validation: 100 },
};

export default defineExample({
  summary: 'Tells spam from other mails, and shows which sentences and words decided.',
  minutes: { tensorflow: 3, wasm: 6 },
  options: {
    mail: { type: 'string', description: 'one more mail, which is classified and shown' },
    epochs: { type: 'number', description: 'number of epochs; default: by backend' },
    seed: { type: 'number', description: 'seed of weights, order of the data and dropout', default: 1 },
  },
  run: async ({ options, signal, quick, backend, folder, print }) => {
    const defaults = SETTINGS[quick ? 'quick' : backend.name];
    const { epochs = defaults.epochs, seed } = options;
    const mails = await readSpamAssassin(await fetchData(spamAssassin, { signal, onEvent: downloadBar() }));
    const splits = splitMails(mails);
    const train = splits.train.slice(0, defaults.train);
    const validation = splits.validation.slice(0, defaults.validation);
    print(`SpamAssassin: ${train.length} mails to learn from, ${validation.length} others to measure on.`);

    const classifier = new TextClassifier({
      architecture: 'han',
      labels: ['ham', 'spam'],
      wordWidth: defaults.width,
      hiddenWidth: defaults.width,
      maximumTokens: defaults.tokens,
      vocabularySize: 20_000,
      dropout: 0.3,
      seed,
    });
    const { reason, losses } = await classifier.fit(train, {
      epochs,
      learningRate: 0.002,
      buckets: 3,
      truncation: 'middle',
      checkpoints: join(folder, 'checkpoints', `${epochs}-epochs-seed-${seed}`),
      checkpointEverySteps: 20,
      signal,
      onEvent: progressBar({ unit: 'mails' }),
    });
    if (reason === 'aborted') return;

    const { accuracy, perLabel } = await classifier.evaluate(validation, { truncation: 'middle' });
    print(`${(100 * accuracy).toFixed(1)} % of the mails are classified correctly.`);
    const shown = options.mail === undefined ? chooseMails(validation) : [options.mail];
    const predictions = await classifier.predict(shown, { attention: true, truncation: 'middle' });
    await mkdir(folder, { recursive: true });
    const pages: string[][] = [];
    for (const [i, { label, probability, attention, text }] of predictions.entries()) {
      const page = join(folder, `mail-${i + 1}.html`);
      const title = text.split('\n', 1)[0];
      const description = `${label}, with probability ${probability.toFixed(3)}`;
      await writeFile(page, renderDocument(attention!, { title, description }));
      pages.push([title, label, probability.toFixed(3), page]);
      print(`${label} (${probability.toFixed(3)}): ${title}`);
    }
    print(`\n${renderTerminal(predictions[0].attention![1], { color: process.stdout.isTTY })}`);

    const report = await writeReport(join(folder, 'report.html'), {
      title: 'Spam and other mails',
      summary: `${spamAssassin.source}. ${train.length} mails to learn from, ${validation.length} others. ${epochs} epochs, seed ${seed}, ${backend.name}.`,
      sections: [
        {
          title: 'Mails classified correctly',
          table: {
            columns: ['label', 'F1 %', 'precision %', 'recall %'],
            rows: perLabel.map(({ label, f1, precision, recall }) => [
              label,
              ...[f1, precision, recall].map((share) => (100 * share).toFixed(1)),
            ]),
          },
        },
        {
          title: 'Loss',
          lineChart: {
            x: 'step',
            y: 'loss (nats)',
            series: [{ name: 'training', points: losses.map(({ step, loss }) => [step, loss]) }],
          },
        },
        {
          title: 'Mails that it had not seen',
          text: 'The page of a mail shows each sentence with its weight, and how much each of its words counted.',
          table: { columns: ['subject', 'predicted', 'probability', 'page'], rows: pages },
        },
        {
          title: 'The sentences of the first one',
          attention: [predictions[0].attention![0]],
          axes: { rows: 'document', columns: 'sentences' },
        },
      ],
    });
    print(`\nReport: ${report}`);
    classifier.dispose();
  },
});

/** Two of each kind, neither short nor long. */
function chooseMails(mails: readonly { readonly label: string; readonly text: string }[]): string[] {
  const fitting = mails.filter(({ text }) => text.length > 200 && text.length < 900);
  return ['spam', 'ham'].flatMap((label) =>
    fitting
      .filter((mail) => mail.label === label)
      .slice(0, 2)
      .map(({ text }) => text),
  );
}
