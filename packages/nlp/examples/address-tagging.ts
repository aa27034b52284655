/**
 * Address tagging: learns from 1,110 addresses, labelled token by token, what is a number, a street, a place; tags ones that it has not seen,
 * and shows which characters and which other tokens decided.
 *
 *     npx pnpm@12 demo nlp/address-tagging
 *     npx pnpm@12 demo nlp/address-tagging --address "Suite 5, 12 N Main St., Hull IL 62343"
 *
 * The steps: data → training with F1 on validation addresses → F1 by type → tagged addresses → attention maps → report.
 */
import { join } from 'node:path';
import { renderTerminal } from '@heed/attention-core';
import { parseUsaddress, splitUsaddress, TokenTagger, usaddress, type TaggedSentence } from '@heed/nlp';
import { defineExample, fetchData, progressBar, writeReport } from '@heed/node';

/** What fits the time. */
const SETTINGS = {
  tensorflow: { hiddenWidth: 128, epochs: 20, train: Infinity },
  wasm: { hiddenWidth: 64, epochs: 12, train: Infinity },
  cpu: { hiddenWidth: 32, epochs: 4, train: 400 },
  quick: { hiddenWidth: 32, epochs: 2, train: 200 },
};

export default defineExample({
  summary: 'Finds the parts of addresses: numbers, streets, places; and shows what decided.',
  minutes: { tensorflow: 2, wasm: 6 },
  options: {
    address: { type: 'string', description: 'one more address, which is tagged and shown' },
    epochs: { type: 'number', description: 'number of epochs; default: by backend' },
    seed: { type: 'number', description: 'seed of weights, order of the data and dropout', default: 1 },
  },
  run: async ({ options, signal, quick, backend, folder, print }) => {
    const defaults = SETTINGS[quick ? 'quick' : backend.name];
    const { epochs = defaults.epochs, seed } = options;
    const data = await fetchData(usaddress, { signal });
    const { train, validation } = splitUsaddress(parseUsaddress(await data.text('labeled.xml')));
    const learnt = train.slice(0, defaults.train);
    print(`usaddress: ${learnt.length} addresses to learn from, ${validation.length} others to measure on.`);

    const tagger = new TokenTagger({ hiddenWidth: defaults.hiddenWidth, seed });
    const { reason, evaluations } = await tagger.fit(learnt, {
      epochs,
      validation,
      checkpoints: join(folder, 'checkpoints', `${epochs}-epochs-seed-${seed}`),
      signal,
      onEvent: progressBar({ unit: 'addresses' }),
    });
    if (reason === 'aborted') return;

    const { f1, precision, recall, byType, sentences } = await tagger.evaluate(validation);
    const percent = (share: number) => (100 * share).toFixed(1);
    print(`F1 by component ${percent(f1)} %, precision ${percent(precision)} %, recall ${percent(recall)} %`);
    const shown = options.address === undefined ? chooseAddresses(sentences) : [options.address];
    const tagged = await tagger.tag(shown, { attention: true, truncation: 'end' });
    for (const { entities } of tagged) print(entities.map(({ type, text }) => `${text} [${type}]`).join(' '));
    const pictures = tagged.flatMap(({ attention }) => attention!.filter(({ name }) => name.startsWith('tokens')));
    const spellings = tagged[0].attention!.filter(({ name }) => name.startsWith('characters'));
    print(`\n${renderTerminal(pictures[0], { color: process.stdout.isTTY })}`);

    const report = await writeReport(join(folder, 'report.html'), {
      title: 'The parts of addresses',
      summary: `${usaddress.source}. ${learnt.length} addresses to learn from, ${validation.length} others. ${epochs} epochs, seed ${seed}, ${backend.name}.`,
      sections: [
        {
          title: 'Components found',
          text: 'A component counts where its type, beginning and end are right.',
          table: {
            columns: ['type', 'F1 %', 'precision %', 'recall %', 'components'],
            rows: [
              ...Object.entries(byType)
                .toSorted(([, a], [, b]) => b.support - a.support)
                .map(([type, scores]) => row(type, scores)),
              row('all', { f1, precision, recall, support: sum(Object.values(byType).map(({ support }) => support)) }),
            ],
          },
        },
        {
          title: 'F1 on validation addresses',
          lineChart: {
            x: 'epoch',
            y: 'F1 %',
            series: [{ name: 'F1', points: evaluations.map(({ metrics }, i) => [i + 1, 100 * metrics.f1]) }],
          },
        },
        {
          title: 'Addresses that it had not seen',
          table: {
            columns: ['component', 'type'],
            rows: tagged.flatMap(({ entities }) => entities.map(({ text, type }) => [text, type])),
          },
        },
        {
          title: 'Which tokens each token looked at',
          text: 'The mean of the heads. One row for each token that is labelled, one column for each that it looked at.',
          attention: pictures.map((map, i) => ({ ...map, name: tagged[i].tokens.join(' ') })),
          axes: { rows: 'labelled', columns: 'looked at' },
        },
        {
          title: 'Which characters of a token counted',
          attention: spellings,
          axes: { rows: 'token', columns: 'characters' },
        },
      ],
    });
    print(`\nReport: ${report}`);
    tagger.dispose();
  },
});

function row(type: string, scores: { f1: number; precision: number; recall: number; support: number }): string[] {
  const { f1, precision, recall, support } = scores;
  return [type, ...[f1, precision, recall].map((share) => (100 * share).toFixed(1)), String(support)];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The addresses with the most different components. */
function chooseAddresses(sentences: readonly TaggedSentence[]): (readonly string[])[] {
  const kinds = ({ entities }: TaggedSentence) => new Set(entities.map(({ type }) => type)).size;
  return sentences
    .toSorted((a, b) => kinds(b) - kinds(a))
    .slice(0, 4)
    .map(({ tokens }) => tokens);
}
