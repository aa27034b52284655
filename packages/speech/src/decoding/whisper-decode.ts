import type { Random } from '@heed/attention-core';
import type { Run } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import type { Whisper, WhisperMemory, WhisperState } from '../models/whisper/whisper.ts';
import { applyWhisperRules, type WhisperRules } from './whisper-rules.ts';

export interface WhisperDecodeOptions extends WhisperRules {
  /** Tokens that are given: the start, a language, what is to be done. */
  readonly prefix: readonly number[];
  /** The most tokens that are written. */
  readonly maximumTokens: number;
  /** How freely tokens are drawn; 0 takes the likeliest. */
  readonly temperature: number;
  readonly random: Random;
  readonly run: Run;
  readonly signal?: AbortSignal | undefined;
}

/** What was written of one window of sound. */
export interface WhisperText {
  /** Without the prefix and the end; times included. */
  readonly tokens: readonly number[];
  /** Mean log-probability of the tokens and the end. */
  readonly meanLogProbability: number;
  /** How likely it is, by the model, that nobody speaks. */
  readonly noSpeech: number;
  /** Whether the model ended it, or the limit did. */
  readonly reason: 'end' | 'length';
}

/**
 * Writes what is said in one window of sound, a token at a time; keys and values have a fixed size, so that every step is the same recording.
 *
 * @param memory of one window; it stays the caller's
 * @throws if logits are not numbers, or the signal's reason
 */
export async function whisperDecode(
  model: Whisper,
  memory: WhisperMemory,
  options: WhisperDecodeOptions,
): Promise<WhisperText> {
  const { tokens, prefix, maximumTokens, temperature, random, run, signal } = options;
  const room = model.config.maximumLength;
  let state: WhisperState = run('begin', (sound: WhisperMemory) => model.begin(sound, room), memory);
  const written: number[] = [];
  let [sum, noSpeech, reason] = [0, 0, 'length' as WhisperText['reason']];
  try {
    for (let given = 0; given < room; given++) {
      signal?.throwIfAborted();
      const token = given < prefix.length ? prefix[given] : written.at(-1)!;
      const input = tf.tensor2d([token], [1, 1], 'int32');
      const next = run(
        'step',
        (x: tf.Tensor2D, before: WhisperState, sound: WhisperMemory) => model.step(x, before, sound),
        input,
        state,
        memory,
      );
      tf.dispose([input, state as unknown as tf.TensorContainer]);
      state = next.state;
      const logits = await readAndFree(next.logits);
      if (given === 0 && tokens.noSpeech !== undefined)
        noSpeech = Math.exp(logits[tokens.noSpeech] - logSumOfExponentials(logits));
      if (given < prefix.length - 1) continue;
      applyWhisperRules(logits, written, options);
      const chosen = temperature === 0 ? likeliest(logits) : drawn(logits, temperature, random);
      sum += logits[chosen] - logSumOfExponentials(logits);
      if (chosen === tokens.end) {
        reason = 'end';
        break;
      }
      if (written.length === maximumTokens) break;
      written.push(chosen);
    }
  } finally {
    tf.dispose(state as unknown as tf.TensorContainer);
  }
  return { tokens: written, meanLogProbability: sum / (written.length + 1), noSpeech, reason };
}

async function readAndFree(logits: tf.Tensor): Promise<Float32Array> {
  try {
    const values = (await logits.data()) as Float32Array;
    const wrong = values.find((value) => Number.isNaN(value));
    if (wrong !== undefined) throw new Error('whisperDecode: logits must be numbers, got NaN');
    return values.slice();
  } finally {
    logits.dispose();
  }
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id;
  return best;
}

function drawn(logits: Float32Array, temperature: number, random: Random): number {
  const greatest = logits[likeliest(logits)];
  const weights = logits.map((value) => Math.exp((value - greatest) / temperature));
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const chosen = weights.findIndex((weight) => (left -= weight) < 0);
  return chosen < 0 ? likeliest(logits) : chosen;
}

function logSumOfExponentials(logits: Float32Array): number {
  const greatest = logits[likeliest(logits)];
  return greatest + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - greatest), 0));
}
