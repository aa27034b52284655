import * as tf from '@tensorflow/tfjs';
import { beamSearch, type BeamSearchOptions } from './beam-search.ts';
import type { CausalModel } from './causal-model.ts';
import { requirePrompts } from './generate-tokens.ts';
import type { Hypothesis } from './search-options.ts';
import type { StepwiseModel } from './sequence-model.ts';
import { WrittenKeys } from './written-keys.ts';

/** Keys and values, [B, H, L, D], of each layer. */
type Written = { readonly layers: readonly { readonly key: tf.Tensor; readonly value: tf.Tensor }[] };

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
  options: Omit<BeamSearchOptions, 'start'>,
): Promise<Hypothesis[]> {
  const { vocabularySize, maximumLength } = model.config;
  requirePrompts('beamContinuations', [prompt], vocabularySize);
  if (prompt.length + options.maximumLength > maximumLength) {
    throw new Error(
      `beamContinuations: prompt and maximumLength must fit into ${maximumLength} tokens, got ${prompt.length} + ${options.maximumLength}`,
    );
  }
  const source = tf.tensor2d([[...prompt]], [1, prompt.length], 'int32');
  const sourceLengths = tf.tensor1d([prompt.length], 'int32');
  try {
    const search = { ...options, start: prompt.at(-1)! };
    const [found] = await beamSearch(stepwise(model, prompt), { source, sourceLengths }, search);
    return found;
  } finally {
    tf.dispose([source, sourceLengths]);
  }
}

/** The model as searches take it: a prompt all but whose last token was written before the search begins. */
function stepwise(model: CausalModel, prompt: readonly number[]): StepwiseModel<undefined, Written> {
  const read = (tokens: tf.Tensor2D, before: Written | undefined) =>
    tf.tidy(() => {
      const caches = model.layers.map((_, i) => new WrittenKeys(before?.layers[i]));
      const logits = model.next(tokens, { caches });
      return { logits, state: { layers: caches.map((cache) => ({ ...cache.written() })) } };
    });
  return {
    encode: () => undefined,
    begin: () => {
      if (prompt.length === 1) return { layers: [] };
      const tokens = tf.tensor2d([prompt.slice(0, -1)], undefined, 'int32');
      const { logits, state } = read(tokens, undefined);
      tf.dispose([logits, tokens]);
      return state;
    },
    step: (symbols, state) => tf.tidy(() => read(tf.expandDims(symbols, 1), state)),
  };
}
