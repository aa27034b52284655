import { Random } from '@heed/attention-core';
import { Vocabulary } from '@heed/tasks';
import { describeModelContract } from '@heed/testing';
import { batchTensors, crossEntropy, memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { wordPieceTokenizer, tinyBert } from '../../tasks/published-bert.test-support.ts';
import { BagOfWordsEncoder } from '../bag-of-words-encoder/bag-of-words-encoder.ts';
import { BertEncoder } from '../bert-encoder/bert-encoder.ts';
import { publishedBertConfig } from '../bert/bert.names.ts';
import { createBert } from '../bert/bert.ts';
import { HanEncoder } from '../han-encoder/han-encoder.ts';
import { DocumentClassifier } from './document-classifier.ts';
import type { DocumentEncoder } from './document-encoder.ts';

const WORDS = ['<unknown>', 'a', 'cat', 'dog', 'sat'];
const folder = memoryFolder('tiny');
const write = (name: string, content: object) => folder.write(name, new TextEncoder().encode(JSON.stringify(content)));
await write('config.json', publishedBertConfig({ ...tinyBert, dropout: 0 }));
await write('tokenizer.json', wordPieceTokenizer);
const opened = await BertEncoder.open('test', folder, { otherwise: 'cls', drawn: true });

const encoders: Readonly<Record<string, (seed: number) => DocumentEncoder>> = {
  'BERT, first token': (seed) => bert('cls', seed),
  'BERT, mean': (seed) => bert('mean', seed),
  HAN: (seed) => {
    const options = { vocabularySize: 9, maximumTokens: 9, lowerCase: true, wordWidth: 4, hiddenWidth: 6, seed };
    return new HanEncoder(new Vocabulary(WORDS), { ...options, pooling: 'attention', dropout: 0 });
  },
  'bag of words': () => new BagOfWordsEncoder(new Vocabulary(WORDS), { phraseLength: 1, lowerCase: true }),
};

function bert(pooling: 'cls' | 'mean', seed: number): BertEncoder {
  const { tokenizer, maximumTokens, config } = opened;
  return new BertEncoder({
    bert: createBert(opened.bert.config, seed),
    tokenizer,
    maximumTokens,
    pooling,
    config,
    companions: {},
  });
}

for (const [name, encoder] of Object.entries(encoders)) {
  describeModelContract(`DocumentClassifier on ${name}`, {
    config: {},
    create: (_: object, seed) => new DocumentClassifier(encoder(seed), 2, 0, new Random(seed).fork('head')),
    batch: () => {
      const reader = encoder(1);
      const texts = ['a cat sat. dog a', 'dog. a dog sat'].map((text) => reader.read(text));
      const batch = batchTensors(reader.batch(texts, Math.max(...texts.map(({ size }) => size))));
      reader.dispose();
      return { ...batch, labels: tf.tensor1d([0, 1], 'int32') } as Record<string, tf.Tensor>;
    },
    forward: (model, batch) => model.forward(batch),
    outputShape: [2, 2],
    loss: (model, { labels, ...batch }) => crossEntropy(model.forward(batch), labels),
    overfit: { learningRate: 0.05 },
    withoutGradient: (parameter) => parameter.endsWith('key.bias'),
  }); // prettier-ignore
}
