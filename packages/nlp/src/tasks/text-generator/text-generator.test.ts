import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TextGenerator } from './text-generator.ts';

const small = { contextLength: 24, width: 24, layers: 1, heads: 2, seed: 7 };
const learn = { steps: 250, learningRate: 0.01, batchSize: 8 };
const VERSE = 'to be, or not to be. ';

describe.each([
  ['characters', {}],
  ['bpe', { vocabularySize: 280 }],
] as const)('tokenizer %s', (tokenizer, change) => {
  for (const [how, options] of Object.entries({ greedily: { temperature: 0 }, 'with beams': { beams: 2 } })) {
    describe(`${how}`, () => {
      describeTaskContract('TextGenerator', {
        create: () => new TextGenerator({ tokenizer, ...small, ...change, dropout: 0.1 }),
        untrained: () => new TextGenerator(small),
        load: (folder) => TextGenerator.load(folder),
        folder: memoryFolder,
        fit: (generator, fit) => generator.fit([VERSE.repeat(4), VERSE], { batchSize: 2, ...fit }),
        fitBadly: (generator) => generator.fit(['', '']),
        inputs: ['to be', 'or', 'not to be. to', 'n'],
        predict: (generator, prompts, more) => generator.generate(prompts, { maximumTokens: 9, ...options, ...more }),
        outcome: ({ text, logProbability }) => ({ exact: text, numbers: [logProbability] }),
        tolerance: 1e-5, // sums of logarithms
      });
    });
  }
});

describe('TextGenerator', () => {
  let generator: TextGenerator;
  beforeAll(async () => {
    generator = new TextGenerator(small);
    await generator.fit(VERSE.repeat(20), learn);
  }, 60_000);
  afterAll(() => generator.dispose());

  it('learns how a text goes on, beyond what it sees at once', async () => {
    const { prompt, text, reason } = await generator.generate('to be,', { maximumTokens: 36, temperature: 0 });
    expect(prompt + text).toBe(VERSE.repeat(2));
    expect(reason).toBe('length');
  });

  it('measures loss, perplexity and bits per character, of a token a character', async () => {
    const text = VERSE.repeat(3);
    const { loss, perplexity, bitsPerCharacter, tokens } = await generator.evaluate(text);
    expect(tokens).toBe(text.length - 1);
    expect(perplexity).toBeCloseTo(Math.exp(loss), 6);
    expect(bitsPerCharacter).toBeCloseTo(loss / Math.LN2, 6);
    // ln p of each character, asked one by one in windows of 24
    const ids = [...text].map((letter) => [...new Set(VERSE)].sort().indexOf(letter));
    let nats = 0;
    for (let i = 1; i < ids.length; i++) {
      const window = ids.slice(24 * Math.floor((i - 1) / 24), i);
      const p = tf.tidy(() => tf.softmax(generator.model.next(tf.tensor2d([window], undefined, 'int32'))).dataSync())[
        ids[i]
      ];
      nats -= Math.log(p);
    }
    expect(loss).toBeCloseTo(nats / tokens, 4);
    expect((await generator.evaluate([text, text])).loss).toBeCloseTo(loss, 6);
  });

  it('streams what it generates, the same under the same seed', async () => {
    const options = { maximumTokens: 20, temperature: 1.5, seed: 3 };
    const pieces: string[] = [];
    for await (const piece of generator.stream('or', options)) pieces.push(piece);
    expect(pieces).toHaveLength(20);
    expect(pieces.join('')).toBe((await generator.generate('or', options)).text);
    expect(pieces.join('')).not.toBe((await generator.generate('or', { ...options, seed: 4 })).text);
  });

  it('stops before a text that stops it', async () => {
    const options = { maximumTokens: 36, temperature: 0, stop: ['. ', 'xyz'] };
    expect(await generator.generate('to be,', options)).toMatchObject({ text: ' or not to be', reason: 'stop' });
    const pieces: string[] = [];
    for await (const piece of generator.stream('to be,', options)) pieces.push(piece);
    expect(pieces.join('')).toBe(' or not to be');
  });

  it('gives the likeliest of several continuations with beams, and the others', async () => {
    const options = { maximumTokens: 5, beams: 3 };
    const { text, logProbability, alternatives } = await generator.generate('to be,', options);
    expect(text).toBe(' or n');
    expect(alternatives).toHaveLength(2);
    expect(alternatives[0].logProbability).toBeLessThanOrEqual(logProbability);
    const greedy = await generator.generate('to be,', { maximumTokens: 5, temperature: 0 });
    expect(logProbability).toBeGreaterThanOrEqual(greedy.logProbability - 1e-4);
    await expect(generator.generate('to be,', { ...options, stop: '.' })).rejects.toThrow('stop goes without beams');
  });

  it('shows what every character looked at, none later than itself', async () => {
    const { attention } = await generator.generate('to', { maximumTokens: 3, temperature: 0, attention: true });
    expect(attention).toHaveLength(1);
    const [{ rows, columns, weights }] = attention!;
    expect(rows.join('')).toBe('to be');
    expect(columns).toEqual(rows);
    for (const [i, row] of weights.entries()) {
      expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
      expect(row.slice(i + 1).every((weight) => weight === 0)).toBe(true);
    }
  });

  it('shows what every head looked at, whose mean is what the layer did', async () => {
    const options = { maximumTokens: 3, temperature: 0, attention: 'heads' } as const;
    const { attention, heads } = await generator.generate('to', options);
    expect(heads!.map((layer) => layer.map(({ name }) => name))).toEqual([['layer 1, head 0', 'layer 1, head 1']]);
    const [[first, second]] = heads!;
    expect(first.weights).not.toEqual(second.weights);
    for (const [q, row] of attention![0].weights.entries()) {
      for (const [k, mean] of row.entries())
        expect((first.weights[q][k] + second.weights[q][k]) / 2).toBeCloseTo(mean, 6);
    }
  });

  it('ends with the reason of its signal, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const stream = async () => {
      for await (const _ of generator.stream('to', { signal: controller.signal }))
        controller.abort(new Error('enough'));
    };
    await expect(stream()).rejects.toThrow('enough');
    await generator.generate('to', { maximumTokens: 4, attention: 'heads' });
    await generator.evaluate(VERSE);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is the same after save and load, and goes on learning with the same characters', async () => {
    const folder = memoryFolder();
    await generator.save(folder);
    expect(await folder.list()).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']));
    const loaded = await TextGenerator.load(folder);
    expect(loaded.config).toEqual(generator.config);
    const options = { maximumTokens: 12, seed: 3 };
    expect(await loaded.generate('or', options)).toEqual(await generator.generate('or', options));
    const before = (await loaded.evaluate('note be. not'.repeat(4))).loss;
    await loaded.fit('note be. not'.repeat(20), { steps: 20, learningRate: 0.01 });
    expect((await loaded.evaluate('note be. not'.repeat(4))).loss).toBeLessThan(before);
    await expect(loaded.fit('zebra '.repeat(9))).rejects.toThrow(
      'every character must be known, got "z" at position 1',
    );
    loaded.dispose();
  });

  it('learns from tokens where it knows them', async () => {
    const tokens = Int32Array.from({ length: 60 }, (_, i) => i % 9);
    const folder = memoryFolder();
    await generator.save(folder);
    const other = await TextGenerator.load(folder);
    const { steps } = await other.fit(tokens, { steps: 2 });
    expect(steps).toBe(2);
    await expect(other.fit(Int32Array.of(1, 99))).rejects.toThrow(
      'TextGenerator.fit: tokens must be in [0, 9), got 99',
    );
    other.dispose();
    await expect(new TextGenerator(small).fit(tokens)).rejects.toThrow('got a new generator');
  });

  it.each([
    ['', {}, 'TextGenerator.generate: a prompt must not be empty, got ""'],
    ['To', {}, 'every character must be known, got "T" at position 1 of "To"'],
    ['🙂', {}, 'every character must be known, got "🙂" at position 1'],
    ['שלום', {}, 'every character must be known, got "ש" at position 1'],
    [
      'to '.repeat(9),
      {},
      "a prompt must have at most contextLength=24 tokens, or truncation be 'start', got 27 in \"to to",
    ],
    ['to', { maximumTokens: 0 }, 'maximumTokens must be a positive integer, got 0'],
    ['to', { topP: 0 }, 'topP must be in (0, 1], got 0'],
    ['to', { stop: '' }, 'a text that stops must not be empty'],
    ['to', { topP: 99 }, 'topP must be in (0, 1], got 99'],
    ['to', { beams: 2, repetitionPenalty: 1.2 }, 'repetitionPenalty goes without beams, got beams=2'],
    ['to', { beams: 2, temperature: 0 }, 'temperature goes without beams, got beams=2'],
    ['to', { maximumTokens: 24, beams: 2 }, 'must fit into 24 tokens, got 2 + 24'],
  ])('refuses to continue %j with %j', async (prompt, options, message) => {
    await expect(generator.generate(prompt, options)).rejects.toThrow(message);
  });

  it('cuts a prompt at its beginning where it is asked to', async () => {
    const options = { maximumTokens: 4, temperature: 0 };
    const long = await generator.generate(VERSE.repeat(5), { ...options, truncation: 'start' });
    expect(long.text).toBe((await generator.generate(VERSE.repeat(5).slice(-24), options)).text);
  });

  it('refuses a text of one character to measure', async () => {
    await expect(generator.evaluate('t')).rejects.toThrow('a text must have at least two tokens, got 1');
  });
});

describe('TextGenerator of texts that are told apart', () => {
  it('begins and ends texts by itself, with characters and with BPE', async () => {
    for (const tokenizer of ['characters', 'bpe'] as const) {
      const generator = new TextGenerator({
        ...small,
        tokenizer,
        ...(tokenizer === 'bpe' && { vocabularySize: 280 }),
      } as object);
      await generator.fit(Array<string>(40).fill('not to be.'), { ...learn, steps: 120 });
      const options = { maximumTokens: 30, temperature: 0 };
      expect(await generator.generate('', options)).toMatchObject({
        text: tokenizer === 'bpe' ? ' not to be.' : 'not to be.',
        reason: 'end',
      });
      expect((await generator.generate('not', options)).text).toBe(' to be.');
      generator.dispose();
    }
  }, 60_000);

  it('takes any text with BPE: emoji, right-to-left scripts, what it never saw', async () => {
    const generator = new TextGenerator({ ...small, tokenizer: 'bpe', vocabularySize: 280 });
    await generator.fit(VERSE.repeat(10), { steps: 2 });
    const { text } = await generator.generate('🙂 שלום', { maximumTokens: 8, seed: 2, truncation: 'start' });
    expect(typeof text).toBe('string');
    const { bitsPerCharacter, loss, tokens } = await generator.evaluate('to be 🙂');
    expect(bitsPerCharacter).toBeCloseTo((loss * tokens) / Math.LN2 / 5, 6); // the first token is ' to'
    generator.dispose();
  });
});

describe('TextGenerator in the layout of GPT-2', () => {
  it('saves what it opens again, with the same tokens and texts', async () => {
    const generator = new TextGenerator({ ...small, tokenizer: 'bpe', vocabularySize: 270 });
    await generator.fit([VERSE.repeat(3), VERSE.repeat(4)], { steps: 5 });
    const folder = memoryFolder();
    await generator.savePretrained(folder);
    const config = JSON.parse(new TextDecoder().decode(await folder.read('config.json'))) as object;
    expect(config).toMatchObject({ model_type: 'gpt2', n_embd: 24, n_ctx: 24, eos_token_id: 0, dtype: 'float32' });
    const json = async (file: string) => JSON.parse(new TextDecoder().decode(await folder.read(file))) as object;
    expect(await json('tokenizer_config.json')).toMatchObject({
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: '<|endoftext|>',
      eos_token: '<|endoftext|>',
      model_max_length: 24,
    });
    expect(await json('generation_config.json')).toMatchObject({ bos_token_id: 0, eos_token_id: 0 });
    const opened = await TextGenerator.fromPretrained(folder);
    const options = { maximumTokens: 12, seed: 3 };
    expect(await opened.generate('or not', options)).toEqual(await generator.generate('or not', options));
    const again = memoryFolder();
    await opened.save(again);
    const loaded = await TextGenerator.load(again);
    expect(await loaded.generate('or not', options)).toEqual(await generator.generate('or not', options));
    for (const each of [generator, opened, loaded]) each.dispose();
  });

  it('reads the end of a text from a list of one, and refuses several by name', async () => {
    const generator = new TextGenerator({ ...small, tokenizer: 'bpe', vocabularySize: 270 });
    await generator.fit([VERSE, VERSE], { steps: 1 });
    const folder = memoryFolder();
    await generator.savePretrained(folder);
    generator.dispose();
    const config = JSON.parse(new TextDecoder().decode(await folder.read('config.json'))) as object;
    const write = (ends: readonly number[]) =>
      folder.write('config.json', new TextEncoder().encode(JSON.stringify({ ...config, eos_token_id: ends })));
    await write([0]);
    const opened = await TextGenerator.fromPretrained(folder);
    expect((await opened.generate('', { maximumTokens: 2 })).prompt).toBe('');
    opened.dispose();
    await write([0, 5]);
    await expect(TextGenerator.fromPretrained(folder)).rejects.toThrow('eos_token_id must be one token, got [0,5]');
  });

  it('refuses a model of another kind', async () => {
    const folder = memoryFolder();
    await folder.write('config.json', new TextEncoder().encode('{"model_type":"bert"}'));
    await expect(TextGenerator.fromPretrained(folder)).rejects.toThrow('gptConfigFrom: model_type: ');
  });
});

describe('A new TextGenerator', () => {
  it.each([
    [{ width: 10, heads: 4 }, 'TextGenerator: heads: must divide width, got 4'],
    [{ dropout: 1 }, 'TextGenerator: dropout: '],
    [{ tokenizer: 'words' as 'bpe' }, 'TextGenerator: tokenizer: '],
  ])('refuses the config %j', (config, message) => {
    expect(() => new TextGenerator(config)).toThrow(message);
  });

  it('refuses to learn from nothing', async () => {
    const generator = new TextGenerator(small);
    await expect(generator.fit('')).rejects.toThrow(
      'TextGenerator.fit: there must be a text to learn from, got 1 empty',
    );
    await expect(generator.fit([])).rejects.toThrow('there must be a text to learn from, got 0 empty ones');
    await expect(generator.fit('a')).rejects.toThrow('there must be at least two tokens to learn from, got 1');
  });
});
