import type { Vocabulary } from '@heed/tasks';
import type { TaggedTokens } from '../datasets/tagged-tokens.ts';
import { parseLabel } from '../metrics/entity-f1.ts';

/** An `I` goes on with an entity of its type alone. */
export function bioTransitions(labels: Vocabulary): (from: number | undefined, to: number) => boolean {
  const parsed = labels.symbols.map(parseLabel);
  return (from, to) => {
    const { position, type } = parsed[to];
    return position !== 'I' || (from !== undefined && parsed[from].position !== 'O' && parsed[from].type === type);
  };
}

/** @throws unless there is one BIO label for each token, and every `I` goes on with an entity of its type */
export function requireBio({ tokens, labels }: TaggedTokens, position: number): void {
  if (tokens.length !== labels.length) {
    throw new Error(
      `TokenTagger.fit: a sentence must have one label for each token, got ${labels.length} labels and ${tokens.length} tokens in sentence ${position}`,
    );
  }
  for (const [i, label] of labels.entries()) {
    const { position: place, type } = parseLabel(label);
    const before = i === 0 ? undefined : parseLabel(labels[i - 1]);
    if (place === 'I' && (before === undefined || before.position === 'O' || before.type !== type)) {
      throw new Error(
        `TokenTagger.fit: ${label} must follow B-${type} or I-${type}, got it after ${labels[i - 1] ?? 'the beginning'} in sentence ${position}`,
      );
    }
  }
}
