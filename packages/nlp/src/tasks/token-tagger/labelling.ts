import type { Vocabulary } from '@heed/tasks';
import type { TaggedTokens } from '../../datasets/tagged-tokens.ts';
import type { AllowedTransition } from '../../decoding/best-path.ts';
import { parseLabel } from '../../metrics/entity-f1.ts';

/**
 * What is known of a tagger's labels. 'bio': they are learned here, from tokens of the caller's; `B` begins an entity, `I` goes on with one of its type,
 * `O` is outside, and what is predicted obeys that. 'published': each word of the tokenizer has its likeliest label, whatever stands beside it, as
 * the weights were trained.
 */
export type Labelling = 'bio' | 'published';

/** Which label may follow which. */
export function transitionsOf(labelling: Labelling, labels: Vocabulary): AllowedTransition {
  if (labelling === 'published') return () => true;
  const parsed = labels.symbols.map(parseLabel);
  return (from, to) => {
    const { position, type } = parsed[to];
    return position !== 'I' || (from !== undefined && parsed[from].position !== 'O' && parsed[from].type === type);
  };
}

/** @throws unless there is one label for each token, and, where they are to be BIO, every `I` goes on with an entity of its type */
export function requireLabels(
  owner: string,
  labelling: Labelling,
  { tokens, labels }: TaggedTokens,
  position: number,
): void {
  if (tokens.length !== labels.length) {
    throw new Error(
      `${owner}: a sentence must have one label for each token, got ${labels.length} labels and ${tokens.length} tokens in sentence ${position}`,
    );
  }
  if (labelling === 'bio') labels.forEach((label, i) => requireBio(owner, label, labels[i - 1], position));
}

/** @param before the label before it, or undefined at the beginning */
function requireBio(owner: string, label: string, before: string | undefined, position: number): void {
  requireBioLabel(owner, label);
  const { position: place, type } = parseLabel(label);
  const open = before === undefined ? undefined : parseLabel(before);
  if (place === 'I' && (open === undefined || open.position === 'O' || open.type !== type)) {
    throw new Error(
      `${owner}: ${label} must follow B-${type} or I-${type}, got it after ${before ?? 'the beginning'} in sentence ${position}`,
    );
  }
}

/** @throws unless the label is `O`, `B-type` or `I-type` */
export function requireBioLabel(owner: string, label: string): void {
  if (label === 'O' || /^[BI]-./s.test(label)) return;
  throw new Error(`${owner}: a label must be O, B-type or I-type, got ${JSON.stringify(label)}`);
}
