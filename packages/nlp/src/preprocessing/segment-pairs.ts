import { requireIntegers, Random } from '@heed/attention-core';
import { fingerprint, type Batches, type HostMatrix, type HostVector } from '@heed/training';
import { IGNORED } from './sequence-batches.ts';

/** A document as its sentences, in order, each as tokens. */
export type TokenizedDocument = readonly (readonly number[])[];

/** Pairs of segments, `[CLS] first [SEP] second [SEP]`, and what is asked of them. */
export type SegmentPairBatch = {
  /** int32 [B, L] */
  readonly tokens: HostMatrix;
  /** int32 [B] */
  readonly lengths: HostVector;
  /** int32 [B, L]: 0 up to the first `[SEP]`, 1 from there on, 0 at padding. */
  readonly tokenTypes: HostMatrix;
  /** int32 [B, P]: which tokens are asked for. */
  readonly positions: HostMatrix;
  /** int32 [B, P]: what should stand there; `IGNORED` where nothing is asked. */
  readonly targets: HostMatrix;
  /** int32 [B]: 0 where the second segment follows the first, 1 where it is of another document; `IGNORED` with 'next-token'. */
  readonly isRandom: HostVector;
};

export interface SegmentPairsOptions {
  readonly batchSize: number;
  /** L: tokens in a pair, the three special ones included. */
  readonly length: number;
  /** Random tokens are drawn from [0, vocabularySize). */
  readonly vocabularySize: number;
  /** The numbers of `[CLS]`, `[SEP]` and `[MASK]`. */
  readonly special: { readonly classify: number; readonly separate: number; readonly mask: number };
  /** What is asked: tokens that were masked, and whether the second segment follows; or the token after each of the same pairs. Default 'masked'. */
  readonly objective?: 'masked' | 'next-token';
  /** Share of the tokens that are asked for, with 'masked'. Default 0.15. */
  readonly maskedShare?: number | undefined;
  /** Decides the pairs and masks of every epoch. */
  readonly seed: number;
}

/** Of the tokens that are asked for, as in the paper: these become `[MASK]`, these stay, the others become random ones. */
const [MASKED, KEPT] = [0.8, 0.1];

interface Pair {
  readonly first: number[];
  readonly second: number[];
  readonly isRandom: boolean;
}

/**
 * BERT's pretraining examples (Devlin et al. 2019, A.2): two segments of whole sentences, cut where they are too long together; in half of the
 * pairs the second segment follows the first, in the others it is of another document. Of the tokens 15 % are asked for, or `maskedShare`, and 80 %
 * of those are masked, 10 % replaced by random ones, 10 % left.
 *
 * Deviations. Pairs begin at random sentences, and an epoch has as many as would cover the documents once; every epoch draws other pairs and masks
 * (Liu et al. 2019, "RoBERTa"), where the paper drew ten masks of each pair beforehand. No pair is made short on purpose.
 */
export class SegmentPairs {
  /** Batches in an epoch. */
  readonly perEpoch: number;
  /** Tells data apart, so that a checkpoint is not continued on other data. */
  readonly fingerprint: string;
  /** Where a pair may begin: at any sentence but a document's last. */
  private readonly starts: readonly (readonly [document: number, sentence: number])[];
  private readonly maskedShare: number;

  /** @throws if there are fewer than two documents of two sentences, a sentence is empty, or an option is out of range */
  constructor(
    private readonly documents: readonly TokenizedDocument[],
    private readonly options: SegmentPairsOptions,
  ) {
    const { batchSize, length, vocabularySize, maskedShare = 0.15 } = options;
    requireIntegers('SegmentPairs', { batchSize, vocabularySize });
    requireIntegers('SegmentPairs', { length }, 5);
    if (!(maskedShare > 0 && maskedShare < 1)) {
      throw new Error(`SegmentPairs: maskedShare must lie between 0 and 1, got ${maskedShare}`);
    }
    const long = documents.filter((sentences) => sentences.length > 1);
    if (long.length < 2) {
      throw new Error(`SegmentPairs: there must be two documents of at least two sentences, got ${long.length}`);
    }
    const wrong = documents.flat().find((sentence) => sentence.length === 0);
    if (wrong !== undefined) throw new Error('SegmentPairs: a sentence must have a token, got an empty one');
    const unknown = documents.flat(2).find((token) => token < 0 || token >= vocabularySize);
    if (unknown !== undefined) {
      throw new Error(`SegmentPairs: tokens must be in [0, ${vocabularySize}), got ${unknown}`);
    }
    this.starts = documents.flatMap((sentences, document) =>
      sentences.slice(1).map((_, sentence) => [document, sentence] as const),
    );
    this.maskedShare = maskedShare;
    const total = documents.flat().reduce((sum, sentence) => sum + sentence.length, 0);
    this.perEpoch = Math.ceil(total / (batchSize * length));
    this.fingerprint = `${documents.length} documents, ${total} tokens, ${fingerprint(numbersOf(documents))}`;
  }

  /** @param number counted from 0 */
  epoch(number: number): Iterable<SegmentPairBatch> & Required<Pick<Batches<SegmentPairBatch>, 'length' | 'skip'>> {
    const from = (first: number) => ({ [Symbol.iterator]: () => this.generate(number, first) });
    return { ...from(0), length: this.perEpoch, skip: from };
  }

  private *generate(epoch: number, skipped: number): Generator<SegmentPairBatch> {
    const random = new Random(this.options.seed).fork(`epoch ${epoch}`);
    for (let batch = skipped; batch < this.perEpoch; batch++) {
      const [ofPairs, ofMasks] = ['pairs', 'masks'].map((name) => random.fork(`batch ${batch}`).fork(name));
      const pairs = Array.from({ length: this.options.batchSize }, () => this.draw(ofPairs));
      yield this.batch(pairs, ofMasks);
    }
  }

  private draw(random: Random): Pair {
    const room = this.options.length - 3;
    const [document, start] = this.starts[random.integer(this.starts.length)];
    const chunk = sentencesFrom(this.documents[document], start, room, 2);
    const cut = 1 + random.integer(chunk.length - 1);
    const first = chunk.slice(0, cut).flat();
    const isRandom = random.uniform() < 0.5;
    const second = isRandom
      ? this.elsewhere(document, Math.max(1, room - first.length), random)
      : chunk.slice(cut).flat();
    shorten(first, second, room, random);
    return { first, second, isRandom };
  }

  /** Sentences of another document, from a random one on. */
  private elsewhere(document: number, room: number, random: Random): number[] {
    const other = (document + 1 + random.integer(this.documents.length - 1)) % this.documents.length;
    const sentences = this.documents[other];
    return sentencesFrom(sentences, random.integer(sentences.length), room, 1).flat();
  }

  private batch(pairs: readonly Pair[], random: Random): SegmentPairBatch {
    const { length, special, objective = 'masked' } = this.options;
    const { classify, separate } = special;
    const masked = objective === 'masked';
    const asked = masked ? this.askedOf(length - 3) : length - 1;
    const ints = <Shape extends readonly number[]>(shape: Shape, filler = 0) => ({
      data: new Int32Array(shape.reduce((product, size) => product * size, 1)).fill(filler),
      shape,
    });
    const batch = {
      tokens: ints([pairs.length, length] as const),
      lengths: ints([pairs.length] as const),
      tokenTypes: ints([pairs.length, length] as const),
      positions: ints([pairs.length, asked] as const),
      targets: ints([pairs.length, asked] as const, IGNORED),
      isRandom: ints([pairs.length] as const, IGNORED),
    };
    for (const [row, { first, second, isRandom }] of pairs.entries()) {
      const tokens = [classify, ...first, separate, ...second, separate];
      const question = masked ? this.hide(tokens, first.length + 1, random) : nextTokens(tokens);
      batch.tokens.data.set(question.tokens, row * length);
      batch.positions.data.set(question.positions, row * asked);
      batch.targets.data.set(question.targets, row * asked);
      batch.tokenTypes.data.fill(1, row * length + first.length + 2, row * length + tokens.length);
      batch.lengths.data[row] = tokens.length;
      if (masked) batch.isRandom.data[row] = Number(isRandom);
    }
    return batch;
  }

  /** @param middle where the `[SEP]` between the segments stands */
  private hide(tokens: readonly number[], middle: number, random: Random) {
    const { vocabularySize, special } = this.options;
    const ordinary = [...tokens.keys()].slice(1, -1).filter((position) => position !== middle);
    const positions = random.shuffle(ordinary).slice(0, this.askedOf(ordinary.length));
    const hidden = [...tokens];
    for (const position of positions) {
      const chance = random.uniform();
      if (chance < MASKED) hidden[position] = special.mask;
      else if (chance >= MASKED + KEPT) hidden[position] = random.integer(vocabularySize);
    }
    return { tokens: hidden, positions, targets: positions.map((position) => tokens[position]) };
  }

  /** How many of so many tokens are asked for. */
  private askedOf(count: number): number {
    return Math.max(1, Math.round(this.maskedShare * count));
  }
}

function nextTokens(tokens: readonly number[]) {
  return { tokens, positions: [...tokens.keys()].slice(0, -1), targets: tokens.slice(1) };
}

/** Sentences until they fill the room or the document ends, but at least so many. */
function sentencesFrom(document: TokenizedDocument, start: number, room: number, least: number): TokenizedDocument {
  let [end, tokens] = [start, 0];
  while (end < document.length && (tokens < room || end - start < least)) tokens += document[end++].length;
  return document.slice(start, end);
}

/** Takes tokens from the longer segment, at its beginning or end as it falls, until both have room. */
function shorten(first: number[], second: number[], room: number, random: Random): void {
  while (first.length + second.length > room) {
    const longer = first.length > second.length ? first : second;
    if (random.uniform() < 0.5) longer.shift();
    else longer.pop();
  }
}

function* numbersOf(documents: readonly TokenizedDocument[]): Generator<number> {
  for (const document of documents) {
    for (const sentence of document) {
      yield* sentence;
      yield -1;
    }
    yield -2;
  }
}
