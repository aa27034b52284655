/**
 * Sentence similarity: a published MiniLM reads a few sentences and tells which mean the same, whatever their words; and shows what the
 * words of one of them looked at.
 *
 *     npx pnpm@12 demo nlp/sentence-similarity
 *     npx pnpm@12 demo nlp/sentence-similarity --sentence "Where can I buy bread?" --layer 2
 *
 * The steps: weights → embeddings → cosines → one attention map → a report of all heads.
 */
import { join } from 'node:path';
import { renderTerminal } from '@heed/attention-core';
import { allMiniLmL6, SentenceEncoder } from '@heed/nlp';
import { defineExample, downloadBar, fetchData, writeReport } from '@heed/node';

const SENTENCES = [
  'A man is playing the guitar.',
  'Someone makes music on a stringed instrument.',
  'The bank of the river was flooded.',
  'Heavy rain made the stream rise.',
  'The bank raised its interest rates.',
];

export default defineExample({
  summary:
    'Tells which sentences mean the same (MiniLM, 22.7 M published weights), and shows what their words looked at.',
  minutes: { tensorflow: 0.5, wasm: 0.5 },
  options: {
    sentence: { type: 'string', description: 'one more sentence, which is compared with the others and shown' },
    layer: { type: 'number', description: 'whose attention is shown, 1 to 6', default: 1 },
  },
  run: async ({ options, signal, folder, print }) => {
    const weights = await fetchData(allMiniLmL6, { signal, onEvent: downloadBar() });
    const encoder = await SentenceEncoder.fromPretrained(weights);
    const sentences = options.sentence === undefined ? SENTENCES : [options.sentence, ...SENTENCES];
    const encoded = await encoder.encode(sentences, { attention: 'heads', signal });
    encoder.dispose();

    for (const [i, { embedding, sentence }] of encoded.entries()) {
      const cosines = encoded.map((other) => dot(embedding, other.embedding).toFixed(2).padStart(5));
      print(`${i + 1}  ${cosines.join(' ')}  ${sentence}`);
    }
    const shown = encoded[0].attention![options.layer - 1];
    if (shown === undefined) throw new Error(`sentence-similarity: --layer must be 1 to 6, got ${options.layer}`);
    print(`\n${renderTerminal(shown)}`);

    const report = await writeReport(join(folder, 'report.html'), {
      title: 'Which sentences mean the same',
      sections: [
        {
          title: 'Cosines',
          table: {
            columns: ['sentence', ...encoded.map((_, i) => String(i + 1))],
            rows: encoded.map(({ sentence, embedding }) => [
              sentence,
              ...encoded.map((other) => Number(dot(embedding, other.embedding).toFixed(2))),
            ]),
          },
        },
        { title: `What the words of “${encoded[0].sentence}” looked at`, heads: encoded[0].heads! },
      ],
    });
    print(`\nReport: ${report}`);
  },
});

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
