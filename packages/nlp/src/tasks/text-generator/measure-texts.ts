import { capture, labelHeads, labelMap } from '@heed/attention-core';
import { consecutiveWindows, IGNORED } from '@heed/tasks';
import { batchTensors } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { GeneratorParts } from './generator-parts.ts';
import type { GeneratedText, LanguageModelEvaluation } from './text-generator-config.ts';

/** How well texts are predicted. @throws if one has fewer than two tokens */
export async function measureTexts(
  { model, tokenizer }: GeneratorParts,
  texts: readonly string[],
): Promise<LanguageModelEvaluation> {
  let [nats, predicted, characters] = [0, 0, 0];
  for (const text of texts) {
    const tokens = Int32Array.from(tokenizer.encode(text));
    if (tokens.length < 2) {
      throw new Error(`TextGenerator.evaluate: a text must have at least two tokens, got ${tokens.length}`);
    }
    const length = Math.min(model.config.maximumLength, tokens.length - 1);
    for (const batch of consecutiveWindows(tokens, { batchSize: 32, length })) {
      const tensors = batchTensors(batch);
      const loss = model.loss(tensors);
      const counted = batch.targets.data.filter((target) => target !== IGNORED).length;
      nats += (await loss.data())[0] * counted;
      predicted += counted;
      tf.dispose([loss, tensors]);
    }
    characters += [...text].length - [...tokenizer.decode([tokens[0]]).trimStart()].length;
  }
  const loss = nats / predicted;
  return { loss, perplexity: Math.exp(loss), bitsPerCharacter: nats / Math.LN2 / characters, tokens: predicted };
}

/** Layer by layer, of as many tokens at the end as the model sees at once. */
export function attentionMaps(
  { model, tokenizer }: GeneratorParts,
  tokens: readonly number[],
  requested: true | 'heads',
): Pick<GeneratedText, 'attention' | 'heads'> {
  const seen = tokens.slice(-model.config.maximumLength);
  const rows = tokenizer.pieces(seen);
  const input = tf.tensor2d([seen], [1, seen.length], 'int32');
  const { result, maps } = capture(() => model.next(input));
  try {
    const attention = maps.map((map) => labelMap(map, { rows, columns: rows }));
    if (requested === true) return { attention };
    return { attention, heads: maps.map((map) => labelHeads(map, { rows, columns: rows })) };
  } finally {
    tf.dispose([input, result, ...maps.map(({ weights }) => weights)]);
  }
}
