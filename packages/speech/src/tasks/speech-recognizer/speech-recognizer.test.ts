import { describeTaskContract } from '@heed/testing';
import { memoryFolder, readConfig, type Folder } from '@heed/training';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sound } from '../../sound/sound.ts';
import { SpeechRecognizer } from './speech-recognizer.ts';
import type { OpenRecognizerOptions } from './speech-recognizer-config.ts';
import { tinyWhisper } from './tiny-whisper.test-support.ts';

const tone = (hertz: number, seconds: number, rate = 16_000): Sound => ({
  samples: Float32Array.from(
    { length: Math.round(seconds * rate) },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * hertz * i) / rate),
  ),
  rate,
});
const examples = [300, 330, 3000, 3300].map((hertz) => ({
  ...tone(hertz, 0.3 + hertz / 20_000),
  text: hertz < 1000 ? 'low' : 'high',
}));
const made: SpeechRecognizer[] = [];
const open = async (options: OpenRecognizerOptions = {}) => {
  const recognizer = await SpeechRecognizer.fromPretrained(await tinyWhisper(), options);
  made.push(recognizer);
  return recognizer;
};
afterEach(() => made.splice(0).forEach((recognizer) => recognizer.dispose()));
const plain = { temperatures: [0], maximumTokens: 2 };

describeTaskContract('SpeechRecognizer', {
  create: () => open(),
  untrained: () => new SpeechRecognizer(),
  load: (folder) => SpeechRecognizer.load(folder),
  folder: memoryFolder,
  fit: (task, options) => task.fit(examples, { batchSize: 2, learningRate: 0.01, ...options }),
  fitBadly: (task) => task.fit([...examples, { samples: new Float32Array(), rate: 16_000, text: 'low' }]),
  inputs: [tone(300, 0.3), tone(3000, 0.5), tone(1000, 0.4, 8000)],
  predict: (task, sounds, options) => task.transcribe(sounds, { ...plain, ...options }),
  outcome: ({ text, segments, reason }) => ({
    exact: [text, reason, segments.map(({ tokens }) => tokens)],
    numbers: segments.map(({ meanLogProbability }) => meanLogProbability),
  }),
  tolerance: 1e-4, // sums of log-probabilities
});

describe('SpeechRecognizer', () => {
  let folder: Folder;
  beforeAll(async () => {
    const recognizer = await open();
    await recognizer.fit(examples, { steps: 50, batchSize: 4, learningRate: 0.01, buckets: 1 });
    folder = memoryFolder();
    await recognizer.save(folder);
    recognizer.dispose();
  });
  const trained = async () => {
    const recognizer = await SpeechRecognizer.load(folder);
    made.push(recognizer);
    return recognizer;
  };

  it('is fine-tuned on sounds at their own length, and then writes their texts and when each word was said', async () => {
    const recognizer = await trained();
    const [high, low] = await recognizer.transcribe([tone(3100, 0.4), tone(310, 0.35)], {
      timestamps: false,
      words: true,
      temperatures: [0],
    });
    expect([high.text, low.text]).toEqual(['high', 'low']);
    expect(high.reason).toBe('end');
    expect(high.words!.map(({ text }) => text)).toEqual(['high']);
    const [{ start, end, probability }] = high.words!;
    expect([start >= 0, end >= start, end <= 0.4, probability > 0.5]).toEqual([true, true, true, true]);
    expect(await recognizer.evaluate(examples, { timestamps: false })).toEqual({ wordErrors: 0, characterErrors: 0 });
  });

  it('trains low-rank additions alone where they are asked for, and saves them within the weights', async () => {
    const recognizer = await open({ lora: { rank: 2 } });
    const body = () => recognizer.model.decoder.tokens.weight.dataSync();
    const before = body().slice();
    await recognizer.fit(examples, { steps: 2, batchSize: 4, learningRate: 0.01 });
    expect(body()).toEqual(before);
    expect(recognizer.trainableParameterCount).toBe(3 * 2 * 2 * (16 + 16)); // queries and values of three attentions
    const saved = memoryFolder();
    await recognizer.save(saved);
    const again = await SpeechRecognizer.load(saved);
    made.push(again);
    const written = async (task: SpeechRecognizer) => (await task.transcribe([tone(300, 0.3)], plain))[0].segments[0];
    const [one, other] = [await written(again), await written(recognizer)];
    expect(one.tokens).toEqual(other.tokens);
    expect(one.meanLogProbability).toBeCloseTo(other.meanLogProbability, 4);
  });

  it('hears long sounds window after window, and says where it was', async () => {
    const recognizer = await trained();
    const samples = new Float32Array(3 * 16_000);
    samples.set(tone(3000, 0.4).samples);
    samples.set(tone(300, 0.4).samples, 2 * 16_000); // a second of silence between
    const [{ segments }] = await recognizer.transcribe([{ samples, rate: 16_000 }], {
      timestamps: false,
      temperatures: [0],
    });
    expect(segments.map(({ start, text }) => [start, text.trim()])).toEqual([
      [0, 'high'],
      [2, 'low'],
    ]);
  });

  it('writes nothing of silence, however long, and computes nothing', async () => {
    const recognizer = await open();
    const hour = { samples: new Float32Array(3600 * 16_000), rate: 16_000 };
    const [{ text, segments }] = await recognizer.transcribe([hour]);
    expect([text, segments.length, recognizer.recordings]).toEqual(['', 0, 0]);
  });

  it('says so where the decoder would not stop', async () => {
    const [{ reason, segments }] = await (
      await open()
    ).transcribe([tone(500, 0.5)], { ...plain, maximumTokens: 3, timestamps: false });
    expect(reason).toBe('length');
    expect(segments[0].tokens.length).toBe(3);
  });

  it('takes a single sample, clipped sound and rates from 8 to 96 kHz', async () => {
    const recognizer = await open();
    const sounds = [
      { samples: Float32Array.of(1), rate: 16_000 },
      ...[8000, 44_100, 96_000].map((rate) => tone(440, 0.1, rate)),
    ];
    const clipped = { ...tone(440, 0.1), samples: tone(440, 0.1).samples.map((sample) => Math.sign(sample)) };
    const transcripts = await recognizer.transcribe([...sounds, clipped], { ...plain, filling: 'zeros' });
    expect(transcripts.length).toBe(5);
  });

  it('is saved as what transformers open', async () => {
    const saved = memoryFolder();
    await (await open()).save(saved);
    expect(await saved.list()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'preprocessor_config.json',
      'tokenizer.json',
    ]);
    expect(await readConfig(saved)).toMatchObject({
      model_type: 'whisper',
      max_source_positions: 50,
      decoder_start_token_id: 263,
    });
    const again = await SpeechRecognizer.fromPretrained(saved);
    made.push(again);
    expect((await again.transcribe([tone(300, 0.3)], plain))[0]).toEqual(
      (await (await open()).transcribe([tone(300, 0.3)], plain))[0],
    );
  });

  it('refuses sounds, texts, languages and folders that are none, naming them', async () => {
    const recognizer = await open();
    const fit = (change: object) => recognizer.fit([{ ...examples[0], ...change }]);
    await expect(recognizer.fit([])).rejects.toThrow('SpeechRecognizer.fit: at least one sound is needed, got none');
    await expect(fit({ text: ' ' })).rejects.toThrow('a text must not be empty, got " " at 0');
    await expect(fit({ text: 7 })).rejects.toThrow('a text must be a string, got 7 at 0');
    await expect(fit({ text: 'zzzzzzzzzzzzzzzzzzzz' })).rejects.toThrow(
      'a text must have at most 14 tokens, got 21 at 0',
    );
    await expect(fit(tone(300, 1.1))).rejects.toThrow('a sound must last at most 1 seconds, got 1.10 in sound 0');
    await expect(recognizer.transcribe([{ samples: Float32Array.of(NaN), rate: 16_000 }])).rejects.toThrow(
      'samples must be finite, got NaN at 0',
    );
    await expect(recognizer.transcribe(examples, { language: 'fr' })).rejects.toThrow(
      "language must be 'en', which is all that the model knows",
    );
    await expect(recognizer.transcribe([{ samples: new Float32Array(), rate: 16_000 }])).rejects.toThrow(
      'a sound must have samples, got none',
    );
    await expect(new SpeechRecognizer().fit(examples)).rejects.toThrow('got a SpeechRecognizer that was not trained');
    const bare: Folder = await tinyWhisper();
    await bare.remove('tokenizer.json');
    await expect(SpeechRecognizer.fromPretrained(bare)).rejects.toThrow('there must be a tokenizer.json');
    const wrong = await tinyWhisper();
    await wrong.write('generation_config.json', new TextEncoder().encode('{"alignment_heads": [[1, 0]]}'));
    await expect(SpeechRecognizer.fromPretrained(wrong)).rejects.toThrow(
      'alignment_heads must be of 1 layers of 2 heads, got [1, 0]',
    );
  });
});
