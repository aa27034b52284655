import { Random } from '@heed/attention-core';
import type { Run } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { splitTokens } from '../../decoding/split-words.ts';
import { tokenTimes } from '../../decoding/token-times.ts';
import { whisperDecode, type WhisperText } from '../../decoding/whisper-decode.ts';
import { WHISPER_HOP, WHISPER_RATE, whisperFeatures } from '../../features/whisper-features.ts';
import type { WhisperMemory } from '../../models/whisper/whisper.ts';
import { alignmentHeads, prefixOf, type RecognizerParts } from './recognizer-parts.ts';
import type { SpeechSegment, SpokenWord, TranscribeOptions, Transcript } from './speech-recognizer-config.ts';

/** Seconds of a time's step. */
const STEP = (2 * WHISPER_HOP) / WHISPER_RATE;
/** Texts that pack better than this repeat themselves; those that are less probable are no good (Radford et al. 2022, 4.5). */
const MOST_REPETITIVE = 2.4;
const LEAST_PROBABLE = -1;
const METHOD = 'SpeechRecognizer.transcribe';

export interface TranscribeContext {
  readonly parts: RecognizerParts;
  readonly run: Run;
  readonly seed: number;
}

/** What is said in a sound at Whisper's rate, window after window; only one window is computed with at a time. */
export async function transcribeSound(
  samples: Float32Array,
  context: TranscribeContext,
  options: TranscribeOptions,
): Promise<Transcript> {
  const { parts } = context;
  const {
    filling = 'silence',
    words = false,
    timestamps = true,
    silenceBelow = -66,
    noSpeechAbove = 0.6,
    signal,
  } = options;
  const room = 2 * parts.model.config.maximumSteps * WHISPER_HOP;
  const segments: SpeechSegment[] = [];
  const spoken: SpokenWord[] = [];
  let [language, reason] = [options.language, 'end' as Transcript['reason']];
  prefixOf(METHOD, parts, language, timestamps); // an unknown language is refused before anything is computed
  for (let seek = 0; seek < samples.length;) {
    signal?.throwIfAborted();
    const window = samples.subarray(seek, seek + room);
    if (isSilent(window, silenceBelow)) {
      seek += window.length;
      continue;
    }
    const memory = hear(window, room, context, filling);
    try {
      if (parts.tokens.languages.size > 0) language ??= await likeliestLanguage(memory, parts);
      const text = await writeText(memory, prefixOf(METHOD, parts, language, timestamps), context, options);
      if (text.noSpeech > noSpeechAbove && text.meanLogProbability < LEAST_PROBABLE) {
        seek += window.length;
        continue;
      }
      if (text.reason === 'length') reason = 'length';
      const { found, heard } = segmentsOf(text, parts, window.length / WHISPER_RATE);
      const offset = seek / WHISPER_RATE;
      const shifted = found.map((segment) => ({
        ...segment,
        start: segment.start + offset,
        end: segment.end + offset,
      }));
      if (words) {
        const written = found.flatMap((segment) => segment.tokens.filter((id) => id < parts.tokens.end));
        for (const word of wordsOf(
          written,
          memory,
          prefixOf(METHOD, parts, language, false),
          Math.ceil(window.length / WHISPER_HOP / 2),
          parts,
        )) {
          spoken.push({ ...word, start: word.start + offset, end: word.end + offset });
        }
      }
      segments.push(...shifted);
      seek += Math.max(WHISPER_HOP, Math.min(window.length, Math.round(heard * WHISPER_RATE)));
    } finally {
      tf.dispose(memory as unknown as tf.TensorContainer);
    }
  }
  const text = segments
    .map((segment) => segment.text)
    .join('')
    .trim();
  return {
    text,
    segments,
    reason,
    ...(words && { words: spoken }),
    ...(parts.tokens.languages.size > 0 && language !== undefined && { language }),
  };
}

/** Whether no tenth of a second is louder than so many decibels below full scale. */
function isSilent(samples: Float32Array, decibels: number): boolean {
  const least = 10 ** (decibels / 10);
  const size = WHISPER_RATE / 10;
  for (let first = 0; first < samples.length; first += size) {
    const end = Math.min(samples.length, first + size);
    let power = 0;
    for (let at = first; at < end; at++) power += samples[at] * samples[at];
    if (power / (end - first) > least) return false;
  }
  return true;
}

/** What is known of a window, filled up to the 30 seconds that Whisper reads. */
function hear(
  window: Float32Array,
  room: number,
  { parts, run }: TranscribeContext,
  filling: 'silence' | 'zeros',
): WhisperMemory {
  const { model } = parts;
  const { mels } = model.config;
  const features = tf.tidy(() => {
    if (filling === 'silence') return whisperFeatures(asRow(window, room), { mels }); // [1, T, mels]
    const frames = Math.floor(window.length / WHISPER_HOP);
    const heard = whisperFeatures(asRow(window, Math.max(201, window.length) + WHISPER_HOP), { mels });
    const kept = tf.slice(heard, [0, 0, 0], [1, Math.min(heard.shape[1], frames), mels]);
    return tf.pad(kept, [
      [0, 0],
      [0, room / WHISPER_HOP - kept.shape[1]],
      [0, 0],
    ]) as tf.Tensor3D;
  });
  try {
    return run('hear', ((sound: tf.Tensor3D) => model.encode(sound)) as (sound: tf.Tensor3D) => never, features);
  } finally {
    features.dispose();
  }
}

function asRow(samples: Float32Array, length: number): tf.Tensor2D {
  const row = new Float32Array(length);
  row.set(samples);
  return tf.tensor2d(row, [1, length]);
}

async function likeliestLanguage(memory: WhisperMemory, { model, tokens }: RecognizerParts): Promise<string> {
  const { logits, state } = tf.tidy(() => {
    const begun = model.begin(memory, model.config.maximumLength);
    return model.step(tf.tensor2d([tokens.start], [1, 1], 'int32'), begun, memory) as never;
  }) as ReturnType<typeof model.step>;
  const values = await logits.data();
  tf.dispose([logits, state] as unknown as tf.TensorContainer);
  return [...tokens.languages].reduce((best, entry) => (values[entry[1]] > values[best[1]] ? entry : best))[0];
}

/** The likeliest text; where it repeats itself or is improbable, one that is drawn more freely. */
async function writeText(
  memory: WhisperMemory,
  prefix: readonly number[],
  { parts, run, seed }: TranscribeContext,
  {
    temperatures = [0, 0.2, 0.4, 0.6, 0.8, 1],
    maximumTokens = 224,
    timestamps = true,
    noSpeechAbove = 0.6,
    signal,
  }: TranscribeOptions,
): Promise<WhisperText> {
  const { model, tokens, tokenizer, generation } = parts;
  const rules = {
    tokens,
    suppressed: generation.suppress_tokens,
    suppressedAtStart: generation.begin_suppress_tokens,
    timestamps,
  };
  let text: WhisperText | undefined;
  for (const temperature of temperatures) {
    const random = new Random(seed).fork(`temperature ${temperature}`);
    const most = Math.min(maximumTokens, model.config.maximumLength - prefix.length);
    text = await whisperDecode(model, memory, {
      ...rules,
      prefix,
      maximumTokens: most,
      temperature,
      random,
      run,
      signal,
    });
    const silence = text.noSpeech > noSpeechAbove && text.meanLogProbability < LEAST_PROBABLE;
    const written = tokenizer.decode(text.tokens.filter((id) => id < tokens.end));
    const good = text.meanLogProbability >= LEAST_PROBABLE && (await compressionRatio(written)) <= MOST_REPETITIVE;
    if (good || silence) break;
  }
  return text!;
}

/** Bytes of a text to those of it packed. */
async function compressionRatio(text: string): Promise<number> {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0) return 0;
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return bytes.length / (await new Response(packed).arrayBuffer()).byteLength;
}

/** Texts between times. @returns them, and how many seconds of the window they cover */
function segmentsOf(
  text: WhisperText,
  { tokens, tokenizer }: RecognizerParts,
  seconds: number,
): { found: SpeechSegment[]; heard: number } {
  const { firstTime } = tokens;
  const time = (id: number) => (id - firstTime) * STEP;
  const isTime = (id: number) => id >= firstTime;
  const make = (start: number, end: number, ids: readonly number[]): SpeechSegment[] => {
    const written = tokenizer.decode(ids.filter((id) => id < tokens.end));
    if (written.trim() === '') return [];
    const { meanLogProbability, noSpeech } = text;
    return [{ start, end: Math.min(end, seconds), text: written, tokens: [...ids], meanLogProbability, noSpeech }];
  };
  const ids = text.tokens;
  const endsAlone = ids.length >= 2 && isTime(ids.at(-1)!) && !isTime(ids.at(-2)!);
  const cuts = ids.flatMap((id, place) => (place > 0 && isTime(id) && isTime(ids[place - 1]) ? [place] : []));
  if (cuts.length === 0) {
    const last = ids.findLast(isTime);
    const end = last === undefined || last === firstTime ? seconds : time(last);
    return { found: make(isTime(ids[0] ?? -1) ? time(ids[0]) : 0, end, ids), heard: seconds };
  }
  if (endsAlone) cuts.push(ids.length);
  const found: SpeechSegment[] = [];
  let first = 0;
  for (const cut of cuts) {
    const part = ids.slice(first, cut);
    found.push(...make(time(part[0]), time(part.at(-1)!), part));
    first = cut;
  }
  return { found, heard: endsAlone ? seconds : time(ids[first - 1]) }; // what was begun and not ended is heard again
}

const OPENING = '"\'“¿([{-';
const CLOSING = '"\'.。,，!！?？:：”)]}、';

/** When each word of a window was said, by the heads that follow the sound. @param steps of the window that are sound */
function wordsOf(
  written: readonly number[],
  memory: WhisperMemory,
  prefix: readonly number[],
  steps: number,
  parts: RecognizerParts,
): SpokenWord[] {
  const { model, tokenizer, tokens } = parts;
  const { maximumLength } = model.config;
  const ids = written.slice(0, maximumLength - prefix.length - 1);
  if (ids.length === 0) return [];
  const all = [...prefix, ...ids, tokens.end];
  const { weights, logits } = model.align(tf.tensor2d(all, [1, all.length], 'int32'), memory, alignmentHeads(parts));
  const begins = tokenTimes(weights.dataSync(), weights.shape, { steps, from: prefix.length - 1, to: all.length - 1 });
  const probabilities = tf.tidy(() => {
    const places = tf.range(prefix.length - 1, prefix.length - 1 + ids.length, 1, 'int32') as tf.Tensor1D;
    const text = tf.slice(tf.gather(logits, places), [0, 0], [-1, tokens.end]); // of text alone
    const picked = ids.map((id, row) => row * tokens.end + id);
    return tf.gather(tf.reshape(tf.softmax(text), [-1]), tf.tensor1d(picked, 'int32')).dataSync() as Float32Array;
  });
  tf.dispose([weights, logits]);
  const words: SpokenWord[] = [];
  let first = 0;
  for (const { text, tokens: length } of splitTokens(tokenizer, ids)) {
    const own = probabilities.subarray(first, first + length);
    const probability = own.reduce((sum, value) => sum + value, 0) / length;
    words.push({ text, start: begins[first] * STEP, end: begins[first + length] * STEP, probability });
    first += length;
  }
  return mergePunctuation(words);
}

/** Punctuation goes with the word that it stands beside, whose times stay. */
function mergePunctuation(words: readonly SpokenWord[]): SpokenWord[] {
  const merged: SpokenWord[] = [];
  let opening = '';
  for (const word of words) {
    const before = merged.at(-1);
    if (word.text.startsWith(' ') && OPENING.includes(word.text.trim())) opening += word.text;
    else if (before !== undefined && opening === '' && CLOSING.includes(word.text))
      merged[merged.length - 1] = { ...before, text: before.text + word.text };
    else {
      merged.push({ ...word, text: opening + word.text });
      opening = '';
    }
  }
  return merged.map((word) => ({ ...word, text: word.text.trim() }));
}
