import { Random } from '@heed/attention-core';

/** A sentence as tokens, each with its label in BIO: `B-type` begins an entity, `I-type` goes on with it, `O` is outside of all. */
export interface TaggedTokens {
  readonly tokens: readonly string[];
  /** As many as tokens. */
  readonly labels: readonly string[];
}

export interface TaggedSplits {
  readonly train: readonly TaggedTokens[];
  readonly validation: readonly TaggedTokens[];
  readonly test: readonly TaggedTokens[];
}

/**
 * Divides sentences so that equal ones, whatever their case, are in one part. The same seed gives the same parts.
 *
 * @param sizes of validation and test, in distinct sentences
 * @throws if nothing would be left to train on
 */
export function splitTagged(
  sentences: readonly TaggedTokens[],
  sizes: { readonly validation: number; readonly test: number },
  seed: number,
): TaggedSplits {
  const { validation, test } = sizes;
  const distinct = new Map<string, TaggedTokens[]>();
  for (const sentence of sentences) {
    const text = sentence.tokens.join(' ').toLowerCase();
    distinct.set(text, [...(distinct.get(text) ?? []), sentence]);
  }
  if (validation < 0 || test < 0 || validation + test >= distinct.size) {
    throw new Error(
      `splitTagged: validation and test must leave sentences to train on, got validation=${validation}, test=${test} of ${distinct.size}`,
    );
  }
  const shuffled = new Random(seed).shuffle([...distinct.values()]);
  return {
    test: shuffled.slice(0, test).flat(),
    validation: shuffled.slice(test, test + validation).flat(),
    train: shuffled.slice(test + validation).flat(),
  };
}
