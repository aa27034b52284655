import type { WhisperTokens } from '../models/whisper/whisper-tokens.ts';

export interface WhisperRules {
  readonly tokens: WhisperTokens;
  /** Tokens that are never written: annotations, music, what is no speech. */
  readonly suppressed: readonly number[];
  /** Tokens that a text does not begin with: a space, its end. */
  readonly suppressedAtStart: readonly number[];
  /** Whether times are written between texts. */
  readonly timestamps: boolean;
}

/** The latest time that a window's first text begins at, in steps of 20 ms. */
const LATEST_START = 50;

/**
 * What may be written next, by the rules of Whisper's authors: times come in pairs, do not go back, begin each window within its first second, and are written
 * where together they are likelier than any other token.
 *
 * @param logits of every token; those that may not be written become −∞
 * @param written what was written since the start
 */
export function applyWhisperRules(logits: Float32Array, written: readonly number[], rules: WhisperRules): void {
  const { tokens, suppressed, suppressedAtStart, timestamps } = rules;
  const { end, firstTime } = tokens;
  for (const id of suppressed) logits[id] = -Infinity;
  for (const id of tokens.never) logits[id] = -Infinity;
  if (written.length === 0) for (const id of suppressedAtStart) logits[id] = -Infinity;
  if (!timestamps) {
    logits.fill(-Infinity, firstTime);
    return;
  }
  if (written.length === 0) {
    logits.fill(-Infinity, 0, firstTime);
    logits.fill(-Infinity, firstTime + LATEST_START + 1);
    return;
  }
  const isTime = (id: number | undefined) => id !== undefined && id >= firstTime;
  const afterTime = isTime(written.at(-1));
  const afterPair = afterTime && (written.length < 2 || isTime(written.at(-2)));
  if (afterPair) logits.fill(-Infinity, firstTime);
  else if (afterTime) logits.fill(-Infinity, 0, end);
  const last = written.findLast((id) => isTime(id));
  if (last !== undefined) logits.fill(-Infinity, firstTime, afterTime && !afterPair ? last : last + 1);
  if (timesAreLikelier(logits, firstTime)) logits.fill(-Infinity, 0, firstTime);
}

/** Whether all times together are likelier than the likeliest other token. */
function timesAreLikelier(logits: Float32Array, firstTime: number): boolean {
  const most = (values: Float32Array) => values.reduce((greatest, value) => Math.max(greatest, value), -Infinity);
  const [text, times] = [logits.subarray(0, firstTime), logits.subarray(firstTime)];
  const greatest = most(times);
  if (greatest === -Infinity) return false;
  const together = times.reduce((sum, value) => sum + Math.exp(value - greatest), 0);
  return greatest + Math.log(together) > most(text);
}
