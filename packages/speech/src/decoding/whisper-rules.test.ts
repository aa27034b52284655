import { describe, expect, it } from 'vitest';
import type { WhisperTokens } from '../models/whisper/whisper-tokens.ts';
import { applyWhisperRules } from './whisper-rules.ts';

// text 0 to 3, end 4, start 5, no times 6, times from 7 on: 0 ms, 20 ms, …
const tokens: WhisperTokens = {
  end: 4,
  start: 5,
  noTimestamps: 6,
  noSpeech: undefined,
  transcribe: undefined,
  translate: undefined,
  languages: new Map(),
  firstTime: 7,
  never: [5, 6],
};
const SIZE = 70;
/** Which tokens may follow. */
const allowed = (
  written: readonly number[],
  { timestamps = true, favourite = 0, suppressed = [] as number[] } = {},
) => {
  const logits = new Float32Array(SIZE);
  logits[favourite] = 20;
  applyWhisperRules(logits, written, { tokens, suppressed, suppressedAtStart: [3], timestamps });
  return [...logits.keys()].filter((id) => logits[id] > -Infinity);
};
const times = (from: number, to = SIZE - 1) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('applyWhisperRules', () => {
  it('begins with a time within the first second', () => {
    expect(allowed([])).toEqual(times(7, 57));
  });

  it('writes text after the first time, and then text or a later time', () => {
    expect(allowed([9])).toEqual([0, 1, 2, 3, 4]);
    expect(allowed([9, 1])).toEqual([0, 1, 2, 3, 4, ...times(10)]);
  });

  it('writes the same or a later time, or the end, after the time that ends a text', () => {
    expect(allowed([9, 1, 12], { favourite: 4 })).toEqual([4, ...times(12)]);
    expect(allowed([9, 1, 12, 12])).toEqual([0, 1, 2, 3, 4]);
  });

  it('writes a time where all times together are likelier than any text', () => {
    const logits = new Float32Array(SIZE);
    logits[1] = 2; // e² = 7.4, less than the 60 times of e⁰ together
    applyWhisperRules(logits, [9, 1], { tokens, suppressed: [], suppressedAtStart: [], timestamps: true });
    expect(logits[1]).toBe(-Infinity);
    expect(logits[10]).toBe(0);
  });

  it('never writes what is suppressed, and no times where none are asked for', () => {
    expect(allowed([], { timestamps: false, suppressed: [2] })).toEqual([0, 1, 4]);
    expect(allowed([1], { timestamps: false, suppressed: [2] })).toEqual([0, 1, 3, 4]);
  });
});
