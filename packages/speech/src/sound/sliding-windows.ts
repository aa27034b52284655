/** A window of a sound that comes in pieces. */
export interface SoundWindow {
  readonly samples: Float32Array;
  /** How many samples came before its end. */
  readonly end: number;
}

/**
 * Windows over a sound as it comes: one after every `every` samples once `window` of them are there, and the last one, which may be shorter. No more
 * than a window and a piece are kept.
 *
 * @param pieces of any length, empty ones too
 * @throws if a size is less than 1
 */
export async function* slidingWindows(
  pieces: AsyncIterable<Float32Array>,
  { window, every }: { readonly window: number; readonly every: number },
): AsyncGenerator<SoundWindow, void, undefined> {
  const [size, step] = [Math.round(window), Math.round(every)];
  if (!(size >= 1 && step >= 1)) {
    throw new Error(`slidingWindows: window and every must be at least 1 sample, got window=${window}, every=${every}`);
  }
  let kept = new Float32Array();
  let [end, next, last] = [0, size, 0];
  for await (const piece of pieces) {
    const joined = new Float32Array(kept.length + piece.length);
    joined.set(kept);
    joined.set(piece, kept.length);
    end += piece.length;
    const start = end - joined.length;
    for (; next <= end; next += step) {
      yield { samples: joined.slice(next - size - start, next - start), end: next };
      last = next;
    }
    kept = joined.slice(-size); // the next window begins in it, for it ends later
  }
  if (end > last) yield { samples: kept, end };
}
