/** A run of tokens with a type. */
export interface Entity {
  readonly type: string;
  /** Index of the first token. */
  readonly start: number;
  /** Index after the last token. */
  readonly end: number;
}

export interface EntityScores {
  /** Fraction of the predicted entities that are right, 0 to 1; 0 where none was predicted. */
  readonly precision: number;
  /** Fraction of the right entities that were predicted. */
  readonly recall: number;
  readonly f1: number;
  /** How many right entities there are. */
  readonly support: number;
}

export interface EntityEvaluation extends EntityScores {
  /** By type, in alphabetical order. */
  readonly byType: Readonly<Record<string, EntityScores>>;
}

/** The labels of one sentence: those that are right, and those that were predicted. */
export interface LabelledSentence {
  readonly labels: readonly string[];
  readonly predicted: readonly string[];
}

/**
 * Precision, recall and F1 by entity, micro-averaged: an entity counts where its type, beginning and end are right. Equal to seqeval's
 * `f1_score` in its default mode (the rules of CoNLL-2000's conlleval).
 *
 * @throws if there are no sentences, or a sentence has another number of predicted labels than of right ones
 *
 * @example
 * ```ts
 * import { entityF1 } from '@heed/nlp';
 * entityF1([{ labels: ['B-PER', 'I-PER', 'O', 'B-LOC'], predicted: ['B-PER', 'I-PER', 'O', 'O'] }]).f1; // 0.667
 * ```
 */
export function entityF1(sentences: readonly LabelledSentence[]): EntityEvaluation {
  if (sentences.length === 0) throw new Error('entityF1: at least one sentence is needed, got none');
  const all = { right: 0, given: 0, support: 0 };
  const types = new Map<string, typeof all>();
  const count = ({ type }: Entity, what: keyof typeof all) => {
    const ofType = types.get(type) ?? { right: 0, given: 0, support: 0 };
    ofType[what]++;
    all[what]++;
    types.set(type, ofType);
  };
  for (const [i, { labels, predicted }] of sentences.entries()) {
    if (labels.length !== predicted.length) {
      throw new Error(
        `entityF1: sentence ${i} must have as many predicted labels as right ones, got ${predicted.length} and ${labels.length}`,
      );
    }
    const right = entitiesOf(labels);
    const keys = new Set(right.map(keyOf));
    for (const entity of right) count(entity, 'support');
    for (const entity of entitiesOf(predicted)) {
      count(entity, 'given');
      if (keys.has(keyOf(entity))) count(entity, 'right');
    }
  }
  const sorted = [...types].sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...scores(all), byType: Object.fromEntries(sorted.map(([type, counts]) => [type, scores(counts)])) };
}

/**
 * The entities in a sequence of labels: BIO (IOB1 and IOB2), BIOES and BILOU, or plain names, of which equal ones side by side are one entity.
 * `O` is outside. What goes on with nothing, or with another type, begins an entity, as in conlleval.
 */
export function entitiesOf(labels: readonly string[]): Entity[] {
  const entities: { type: string; start: number; end: number }[] = [];
  let open: { type: string; start: number; end: number } | undefined;
  for (const [i, label] of labels.entries()) {
    const { position, type } = parseLabel(label);
    if (position === 'O') {
      open = undefined;
      continue;
    }
    if (goesOn(position) && open?.type === type) {
      open.end = i + 1;
    } else {
      open = { type, start: i, end: i + 1 };
      entities.push(open);
    }
    if (isLast(position)) open = undefined;
  }
  return entities;
}

/** Where in an entity a token stands: at its beginning, inside, at its end, or alone; outside of all. */
export type EntityPosition = 'B' | 'I' | 'E' | 'S' | 'O';

const POSITIONS: Readonly<Record<string, EntityPosition>> = { B: 'B', I: 'I', M: 'I', E: 'E', L: 'E', S: 'S', U: 'S' };

/** A plain name stands inside an entity of its type. */
export function parseLabel(label: string): { readonly position: EntityPosition; readonly type: string } {
  if (label === 'O') return { position: 'O', type: '' };
  const [, letter, type] = /^([BIMELSU])-(.+)$/s.exec(label) ?? [];
  return type === undefined ? { position: 'I', type: label } : { position: POSITIONS[letter], type };
}

function goesOn(position: EntityPosition): boolean {
  return position === 'I' || position === 'E';
}

function isLast(position: EntityPosition): boolean {
  return position === 'E' || position === 'S';
}

function keyOf({ type, start, end }: Entity): string {
  return `${start} ${end} ${type}`;
}

function scores({ right, given, support }: { right: number; given: number; support: number }): EntityScores {
  const precision = given === 0 ? 0 : right / given;
  const recall = support === 0 ? 0 : right / support;
  return { precision, recall, f1: right === 0 ? 0 : (2 * precision * recall) / (precision + recall), support };
}
