import { firstColumns } from './dynamic-time-warping.ts';

export interface TokenTimesOptions {
  /** Number of steps of the sound that are real. */
  readonly steps: number;
  /** The tokens whose times are wanted, of those by which weights are judged: from the first up to before the last. Default: all. */
  readonly from?: number;
  readonly to?: number;
  /** Odd number of steps over which weights are smoothed by their median. Default 7. */
  readonly smoothing?: number;
}

/**
 * When tokens begin, from how much each looked at each step of the sound: weights that are usual for a step are taken off, outliers are smoothed away, heads are
 * averaged, and the best way through is followed (as Whisper's authors do it; it fits every attention that goes through the sound).
 *
 * @param weights row-major [heads, tokens, steps of the sound]; each row sums to 1
 * @param shape of the weights
 * @returns the step at which each wanted token begins
 * @throws if `smoothing` is even, or there are more real steps than weights
 */
export function tokenTimes(
  weights: ArrayLike<number>,
  [heads, tokens, width]: readonly [heads: number, tokens: number, width: number],
  { steps, from = 0, to = tokens, smoothing = 7 }: TokenTimesOptions,
): Int32Array {
  if (!(smoothing % 2 === 1) || smoothing < 1)
    throw new Error(`tokenTimes: smoothing must be an odd number, got ${smoothing}`);
  if (!(steps >= 1 && steps <= width)) throw new Error(`tokenTimes: steps must be from 1 to ${width}, got ${steps}`);
  const mean = new Float64Array(tokens * steps);
  for (let head = 0; head < heads; head++) {
    const seen = Float64Array.from(
      { length: tokens * steps },
      (_, i) => weights[(head * tokens + Math.floor(i / steps)) * width + (i % steps)],
    );
    for (let token = 0; token < tokens; token++) {
      const row = seen.subarray(token * steps, (token + 1) * steps);
      const sum = row.reduce((total, weight) => total + weight, 0);
      for (let step = 0; step < steps; step++) row[step] /= sum || 1; // what was looked at behind the sound's end does not count
    }
    standardise(seen, tokens, steps);
    for (let token = 0; token < tokens; token++) {
      const row = seen.subarray(token * steps, (token + 1) * steps);
      const smooth = medians(row, smoothing);
      for (let step = 0; step < steps; step++) mean[token * steps + step] += smooth[step] / heads;
    }
  }
  return firstColumns(mean.subarray(from * steps, to * steps), to - from, steps);
}

/** Each step's weights to mean 0 and deviation 1 over the tokens. */
function standardise(seen: Float64Array, tokens: number, steps: number): void {
  for (let step = 0; step < steps; step++) {
    let [sum, squares] = [0, 0];
    for (let token = 0; token < tokens; token++) sum += seen[token * steps + step];
    const mean = sum / tokens;
    for (let token = 0; token < tokens; token++) squares += (seen[token * steps + step] - mean) ** 2;
    const deviation = Math.sqrt(squares / tokens);
    for (let token = 0; token < tokens; token++) {
      const at = token * steps + step;
      seen[at] = deviation === 0 ? 0 : (seen[at] - mean) / deviation;
    }
  }
}

/** The median around each place, the row being mirrored at its ends; rows that are too short stay as they are. */
function medians(row: Float64Array, size: number): Float64Array {
  const half = (size - 1) / 2;
  if (row.length <= half) return row;
  const last = row.length - 1;
  return row.map((_, place) => {
    const around = Float64Array.from({ length: size }, (__, i) => {
      const at = Math.abs(place + i - half);
      return row[at > last ? 2 * last - at : at];
    });
    return around.sort()[half];
  });
}
