import * as tf from '@tensorflow/tfjs';
import { beamSearch, type BeamSearchOptions } from './beam-search.ts';
import type { CausalModel } from './causal-model.ts';
import { requirePrompts } from './generate-tokens.ts';
import type { Hypothesis } from './search-options.ts';
import type { StepwiseModel } from './sequence-model.ts';
import { tidyRows } from '../compiled/rows.ts';
import { readTokens, type Read } from './read-tokens.ts';

/**
 * The likeliest continuations of a sequence: `beamSearch` with its beginning given.
 *
 * @param prompt at least one token
 * @returns at most `beams` continuations, the best first
 * @throws if prompt and continuation do not fit into the model's positions together, and as `beamSearch`
 */
export async function beamContinuations(
  model: CausalModel,
  prompt: readonly number[],
  options: Omit<BeamSearchOptions, 'start'> & { readonly maximumLength: number },
): Promise<Hypothesis[]> {
  const { vocabularySize, maximumLength } = model.config;
  requirePrompts('beamContinuations', [prompt], vocabularySize);
  if (prompt.length + options.maximumLength > maximumLength) {
    throw new Error(
      `beamContinuations: prompt and maximumLength must fit into ${maximumLength} tokens, got ${prompt.length} + ${options.maximumLength}`,
    );
  }
  const source = tf.tensor2d([[...prompt]], [1, prompt.length], 'int32');
  try {
    const search = { ...options, start: prompt.at(-1)! };
    const [found] = await beamSearch(stepwise(model), { source }, search);
    return found;
  } finally {
    tf.dispose(source);
  }
}

/** The model as searches take it: a prompt all but whose last token was read before the search begins. */
function stepwise(
  model: CausalModel,
): StepwiseModel<{ readonly prompt: tf.Tensor }, Read, { readonly source: tf.Tensor2D }> {
  return {
    encode: ({ source }) => ({ prompt: tf.clone(source) }),
    begin: ({ prompt }, room) =>
      tidyRows(() => {
        const [rows, length] = prompt.shape as [number, number];
        const before = Math.max(1, length - 1);
        const tokens = tf.slice(prompt as tf.Tensor2D, [0, 0], [rows, before]);
        const { state } = readTokens(model, tokens, before + room);
        // the only token of a prompt is the start of the search: its slot is written anew
        return length > 1 ? state : { ...state, written: tf.zeros([rows], 'int32') };
      }),
    step: (symbols, state) => tidyRows(() => readTokens(model, tf.expandDims(symbols, 1), state)),
  };
}
