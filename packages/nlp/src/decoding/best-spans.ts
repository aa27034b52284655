/** A piece of a row of tokens that may be an answer. */
export interface ScoredSpan {
  /** Its first token. */
  readonly start: number;
  /** Its last token. */
  readonly end: number;
  /** Of beginning there, times that of ending there. */
  readonly probability: number;
}

export interface SpanOptions {
  /** The first token that an answer may begin at; those before it are none of the text's. */
  readonly first: number;
  /** How many tokens there are that may be answers, from `first` on. */
  readonly count: number;
  /** Tokens of an answer at most. */
  readonly longest: number;
}

/**
 * What may be an answer, the likeliest first, from the logits of beginnings and ends: as Hugging Face's pipeline does it, each softmax is over the
 * tokens of the text and the first of all, `[CLS]`, which stands for no answer.
 *
 * @returns all spans, and the probability of no answer
 */
export function bestSpans(
  starts: ArrayLike<number>,
  ends: ArrayLike<number>,
  { first, count, longest }: SpanOptions,
): { readonly spans: ScoredSpan[]; readonly none: number } {
  const places = [0, ...Array.from({ length: count }, (_, i) => first + i)];
  const [begins, stops] = [softmaxAt(starts, places), softmaxAt(ends, places)];
  const spans: ScoredSpan[] = [];
  for (let start = 1; start <= count; start++) {
    for (let end = start; end <= count && end < start + longest; end++) {
      spans.push({ start: places[start], end: places[end], probability: begins[start] * stops[end] });
    }
  }
  return { spans: spans.sort((a, b) => b.probability - a.probability), none: begins[0] * stops[0] };
}

function softmaxAt(logits: ArrayLike<number>, places: readonly number[]): number[] {
  const highest = places.reduce((most, place) => Math.max(most, logits[place]), -Infinity);
  const powers = places.map((place) => Math.exp(logits[place] - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
