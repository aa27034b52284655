/** The parts of addresses: the tagger with self-attention, and the same without, on 252 held-out addresses. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseUsaddress, splitUsaddress, TokenTagger, usaddress, type TokenTaggerEvaluation } from '@heed/nlp';
import { defineResult, fetchData, progressBar } from '@heed/node';

const CONFIG = { dropout: 0.4, hiddenWidth: 128 };
const FULL = { epochs: 40, batchSize: 32, learningRate: 0.003 };
const QUICK = { steps: 40 };

export default defineResult({
  task: 'The parts of addresses, usaddress',
  figures: { f1: { name: 'F1 by component', unit: '%' }, accuracy: { name: 'tokens right', unit: '%' } },
  baseline: 'the same without self-attention: the LSTM, the CRF, and attention over characters',
  published: {
    value: 'none on this split: usaddress itself, a CRF on hand-made features, is trained on all of these addresses',
    source: 'https://github.com/datamade/usaddress',
  },
  minutes: 6,
  protocol:
    'PyPI usaddress 0.5.16, training/labeled.xml, split by distinct address in lower case: 1,110 to train on, 151 to choose settings by, 252 to test on, ' +
    "looked at once. Neighbouring tokens of one type are one component; F1 is micro-averaged over components and equal to seqeval's. " +
    `BiLSTM-CRF with attention over characters and one self-attention block, ${FULL.epochs} epochs, batches of ${FULL.batchSize}, Adam at ` +
    `${FULL.learningRate} with warm-up and cosine, dropout ${CONFIG.dropout}, the last weights.`,
  data: [usaddress],
  run: async ({ seed, quick, signal, folder, print }) => {
    const data = await fetchData(usaddress, { signal });
    const { train, validation, test } = splitUsaddress(parseUsaddress(await data.text('labeled.xml')));
    const evaluations: TokenTaggerEvaluation[] = [];
    const validations: number[] = [];
    const weights: number[] = [];
    for (const [name, heads] of [
      ['with self-attention', 4],
      ['without', 0],
    ] as const) {
      const home = join(folder, name.replace(' ', '-'));
      const known = existsSync(join(home, 'config.json'));
      const tagger = known ? await TokenTagger.load(home) : new TokenTagger({ ...CONFIG, heads, seed });
      if (!known) {
        const { reason } = await tagger.fit(train, {
          ...(quick ? QUICK : FULL),
          checkpoints: join(home, 'checkpoints'),
          signal,
          onEvent: progressBar({ unit: 'addresses', label: name, seconds: 30 }),
        });
        if (reason === 'aborted') return undefined;
        await tagger.save(home);
      }
      const { f1 } = await tagger.evaluate(validation);
      print(`${name}: F1 ${(100 * f1).toFixed(2)} % on validation addresses`);
      validations.push(100 * f1);
      evaluations.push(await tagger.evaluate(quick ? test.slice(0, 50) : test));
      weights.push(tagger.parameterCount);
      tagger.dispose();
    }
    const [ours, baseline] = evaluations;
    return {
      ours: percent(ours),
      baseline: percent(baseline),
      details: {
        addresses: ours.sentences.length,
        weights: { ours: weights[0], baseline: weights[1] },
        validation: { ours: validations[0], baseline: validations[1] },
        byType: Object.fromEntries(
          Object.entries(ours.byType).map(([type, { f1, support }]) => [
            type,
            { f1: Number((100 * f1).toFixed(2)), support },
          ]),
        ),
      },
    };
  },
});

function percent({ f1, accuracy }: TokenTaggerEvaluation) {
  return { f1: 100 * f1, accuracy: 100 * accuracy };
}
