/** What runs of a case gave, for comparison. */
export interface Outputs {
  /** Evenly spaced numbers of each tensor. */
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
}

export interface Agreement {
  /** The largest difference of numbers, relative to the largest number. */
  readonly within: number;
  /** Fraction of texts that may differ. Default 0. */
  readonly otherTexts?: number;
}

/** How two contenders' outputs differ by more than is allowed; undefined where they agree. */
export function disagreement(own: Outputs, other: Outputs, { within, otherTexts = 0 }: Agreement): string | undefined {
  for (const kind of ['numbers', 'texts'] as const) {
    if (own[kind].length !== other[kind].length) return `${own[kind].length} for ${other[kind].length} ${kind}`;
  }
  const [size, error] = other.numbers.reduce(
    ([size, error], value, i) => [
      Math.max(size, Math.abs(value)),
      Math.max(error, Number.isNaN(own.numbers[i] - value) ? Infinity : Math.abs(own.numbers[i] - value)),
    ],
    [0, 0],
  );
  if (error > within * size) return `${(error / size).toPrecision(2)} of the largest number, allowed ${within}`;
  const different = other.texts.flatMap((text, i) => (text === own.texts[i] ? [] : [i]));
  if (different.length <= otherTexts * other.texts.length) return undefined;
  const [first] = different;
  return `${different.length} of ${other.texts.length} texts, first ${JSON.stringify(own.texts[first])} for ${JSON.stringify(other.texts[first])}`;
}
