import { readFileSync } from 'node:fs';
import { readSafetensors, writeSafetensors } from '@heed/attention-core';
import { describeTaskContract } from '@heed/testing';
import { memoryFolder, savePretrained, type Folder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { AnsweredQuestion } from '../../datasets/answered-question.ts';
import { bertNames, publishedBertConfig } from '../../models/bert/bert.names.ts';
import { createBert } from '../../models/bert/bert.ts';
import { BertEncoder } from '../../models/bert-encoder/bert-encoder.ts';
import { tinyBert, VOCABULARY, wordPieceTokenizer } from '../published-bert.test-support.ts';
import type { AnswerOptions } from './question-answerer-config.ts';
import { QuestionAnswerer } from './question-answerer.ts';
import { questionWindows } from './question-windows.ts';

// made by tooling/golden/nlp-bert-question-answering.py
const golden = readSafetensors(
  readFileSync(new URL('../../models/bert/bert-question-answering.golden.safetensors', import.meta.url)),
).tensors();
afterAll(() => tf.dispose(golden));

const words = [...VOCABULARY, '.', 'who', '?'];
const tokenizer = {
  ...wordPieceTokenizer,
  model: { ...wordPieceTokenizer.model, vocab: Object.fromEntries(words.map((word, id) => [word, id])) },
};

const bert = { ...tinyBert, vocabularySize: words.length, maximumLength: 11 };
const put = async (folder: Folder, files: Record<string, object>): Promise<Folder> => {
  for (const [name, content] of Object.entries(files)) {
    await folder.write(name, new TextEncoder().encode(JSON.stringify(content)));
  }
  return folder;
};
/** The golden model as transformers publish it. */
const publish = async (change: Record<string, unknown> = {}): Promise<Folder> => {
  const folder = memoryFolder('published');
  const weights = Object.entries(golden).filter(([name]) => name.startsWith('weights/'));
  await folder.write(
    'model.safetensors',
    await writeSafetensors(Object.fromEntries(weights.map(([name, tensor]) => [name.slice(8), tensor]))),
  );
  const config = { ...publishedBertConfig(bert), architectures: ['BertForQuestionAnswering'], ...change };
  return put(folder, { 'config.json': config, 'tokenizer.json': tokenizer });
};
/** A BERT that never answered. */
const publishBody = async (): Promise<Folder> => {
  const folder = memoryFolder('body');
  const model = createBert(bert, 3);
  await savePretrained(folder, { model, names: bertNames, config: publishedBertConfig(bert) });
  model.dispose();
  return put(folder, { 'tokenizer.json': tokenizer });
};

const made: QuestionAnswerer[] = [];
const open = async (...given: Parameters<typeof QuestionAnswerer.fromPretrained>) => {
  const answerer = await QuestionAnswerer.fromPretrained(...given);
  made.push(answerer);
  return answerer;
};
afterEach(() => made.splice(0).forEach((answerer) => answerer.dispose()));

const asked = { question: 'Who sat?', context: 'The cats sat. A dog, the dogs.' };
const questions: AnsweredQuestion[] = [
  { question: 'who sat?', context: 'A cat sat.', answers: [{ text: 'cat', start: 2 }] },
  { question: 'who sat?', context: 'The dogs sat.', answers: [{ text: 'dogs', start: 4 }] },
  { question: 'who?', context: 'The cat. A dog sat.', answers: [{ text: 'A dog', start: 9 }] },
  { question: 'who?', context: 'The the the.', answers: [] },
];
const learn = { steps: 150, batchSize: 4, buckets: 1, learningRate: 0.01 };

const body = await publishBody();

describeTaskContract('QuestionAnswerer', {
  create: () => QuestionAnswerer.fromPretrained(body),
  untrained: () => new QuestionAnswerer({ maximumTokens: 11 }),
  load: (folder) => QuestionAnswerer.load(folder),
  folder: memoryFolder,
  fit: (answerer, options) => answerer.fit(questions, { batchSize: 2, ...options }),
  fitBadly: (answerer) => answerer.fit([...questions, { ...questions[0], context: ' ' }]),
  inputs: [asked, questions[1], { question: 'who?', context: 'The dogs sat. A cat sat. The dog.' }],
  predict: (answerer, inputs, options) => answerer.answer(inputs, { candidates: 2, ...options }),
  outcome: ({ none, candidates }) => ({
    exact: candidates.length,
    numbers: [none, ...candidates.map(({ score }) => score)],
  }),
});

describe('QuestionAnswerer', () => {
  it('reads a long text in the windows that Python’s tokenizer makes', async () => {
    const encoder = await BertEncoder.open('test', await publish(), { otherwise: 'cls' });
    const windows = questionWindows('test', encoder, asked, 2);
    encoder.dispose();
    const padded = windows.map(({ ids }) => [...ids, ...Array<number>(11 - ids.length).fill(0)]);
    expect(padded).toEqual(await golden.windows.array());
  });

  it('gives the answers that transformers give with the same weights', async () => {
    const answerer = await open(await publish());
    const { candidates, none, ...best } = await answerer.answer(asked, { candidates: 6, longestAnswer: 3, stride: 2 });
    const expected = (await golden.answers.array()) as number[][];
    expect(candidates).toEqual(
      expected.map(([start, end, score]) => ({
        text: asked.context.slice(start, end),
        start,
        end,
        score: expect.closeTo(score, 4),
      })),
    );
    expect(best).toEqual(candidates[0]);
    expect(tf.scalar(none)).toBeAllClose(golden.none, { absolute: 1e-4, relative: 1e-4 });
  });

  it('learns to point, also at nothing', async () => {
    const answerer = await open(await publishBody());
    expect(await answerer.fit(questions, learn)).toMatchObject({ reason: 'finished', steps: 150 });
    const { exact, f1, answers } = await answerer.evaluate(questions);
    expect({ exact, f1 }).toEqual({ exact: 1, f1: 1 });
    expect(answers.slice(0, 3).map(({ text, start, end }) => [text, start, end])).toEqual([
      ['cat', 2, 5],
      ['dogs', 4, 8],
      ['A dog', 9, 14],
    ]);
  });

  it('gives several answers in their order, the same as one by one', async () => {
    const answerer = await open(await publish());
    const together = await answerer.answer([asked, questions[1], questions[0]], { batchSize: 2 });
    for (const [i, one] of [asked, questions[1], questions[0]].entries()) {
      const alone = await answerer.answer(one);
      expect(together[i]).toMatchObject({
        text: alone.text,
        start: alone.start,
        score: expect.closeTo(alone.score, 5),
      });
    }
  });

  it('shows what question and text looked at', async () => {
    const answerer = await open(await publish());
    const before = tf.memory().numTensors;
    const { attention } = await answerer.answer(questions[0], { attention: true });
    const pieces = ['[CLS]', 'who', 'sat', '?', '[SEP]', 'a', 'cat', 'sat', '.', '[SEP]'];
    expect(attention!.map(({ rows, columns }) => [rows, columns])).toEqual([
      [pieces, pieces],
      [pieces, pieces],
    ]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is saved as transformers open it, and is the same again from there', async () => {
    const answerer = await open(await publishBody(), { maximumTokens: 10 });
    await answerer.fit(questions, { ...learn, steps: 3 });
    const folder = memoryFolder();
    await answerer.save(folder);
    const config = JSON.parse(new TextDecoder().decode(await folder.read('config.json'))) as object;
    expect(config).toMatchObject({ architectures: ['BertForQuestionAnswering'], model_type: 'bert' });
    const again = await QuestionAnswerer.load(folder);
    made.push(again);
    expect(again.config.maximumTokens).toBe(10);
    expect(await again.answer(asked)).toEqual(await answerer.answer(asked));
  });

  it('counts characters in any script', async () => {
    const answerer = await open(await publish());
    for (const context of ['🙂🙂 the cat', 'שלום, the cat', 'ein é\u0301 cat 猫', '🙂', 'x'.repeat(3000)]) {
      const { text, start, end } = await answerer.answer({ question: 'who?', context });
      expect(text).toBe(context.slice(start, end));
      expect(text).not.toBe('');
    }
  });

  it('learns and gives answers that begin and end inside a run of ideographs', async () => {
    const context = '北京是中国的首都';
    const han = [...words, ...new Set(`${context}什么`)];
    const folder = memoryFolder('han');
    const model = createBert({ ...bert, vocabularySize: han.length, maximumLength: 16 }, 3);
    const config = publishedBertConfig(model.config);
    await savePretrained(folder, { model, names: bertNames, config });
    model.dispose();
    const vocab = Object.fromEntries(han.map((word, id) => [word, id]));
    await put(folder, { 'tokenizer.json': { ...tokenizer, model: { ...tokenizer.model, vocab } } });
    const answerer = await open(folder);
    const question = '什么国';
    await answerer.fit([{ question, context, answers: [{ text: '中国', start: 3 }] }], { ...learn, steps: 60 });
    expect(await answerer.answer({ question, context })).toMatchObject({ text: '中国', start: 3, end: 5 });
  });

  it.each<[object, AnswerOptions, string]>([
    [{ question: ' ' }, {}, 'question must not be empty, got " " in question 0'],
    [{ context: null }, {}, 'question 0: context must be a string, got null at 0'],
    [{ question: 5 }, {}, 'question 0: question must be a string, got 5 at 0'],
    [{ context: '' }, {}, 'context must not be empty, got "" in question 0'],
    [{ context: '\u0001' }, {}, 'context must have a word, got "\\u0001" in question 0'],
    [{ question: 'who sat? who sat?' }, { stride: 2 }, 'a question must leave room for more than stride=2 pieces of text, got one of 6 pieces, of maximumTokens=11 with three special ones'],
    [{ question: 'who sat? who sat? a cat sat' }, {}, 'a question must leave room for more than stride=0 pieces of text, got one of 9 pieces'],
    [{}, { candidates: 0 }, 'candidates must be a positive integer, got 0'],
    [{}, { longestAnswer: 1.5 }, 'longestAnswer must be a positive integer, got 1.5'],
    [{}, { stride: -1 }, 'stride must be a whole number, got -1'],
  ])('refuses what it cannot answer (%#)', async (change, options, message) => {
    const answerer = await open(await publish());
    await expect(answerer.answer({ ...asked, ...change }, options)).rejects.toThrow(`QuestionAnswerer.answer: ${message}`);
  }); // prettier-ignore

  it('refuses answers that do not stand where they are said to, and no questions', async () => {
    const answerer = await open(await publish());
    const wrong = { ...questions[0], answers: [{ text: 'cat', start: 3 }] };
    await expect(answerer.fit([questions[1], wrong])).rejects.toThrow(
      'QuestionAnswerer.fit: an answer must stand at its start, got "cat" where the context of question 1 has "at "',
    );
    await expect(answerer.fit([])).rejects.toThrow('QuestionAnswerer.fit: at least one question is needed, got none');
  });

  it('refuses a folder whose model is no BERT', async () => {
    await expect(open(await publish({ model_type: 'gpt2' }))).rejects.toThrow('model_type');
  });
});
