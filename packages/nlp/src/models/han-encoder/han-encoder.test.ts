import { Vocabulary } from '@heed/tasks';
import { expect, it } from 'vitest';
import { HanEncoder } from './han-encoder.ts';

it('lays words out by sentence, unknown ones as 0', () => {
  const options = { vocabularySize: 9, maximumTokens: 9, lowerCase: true, wordWidth: 2, hiddenWidth: 2, seed: 1 };
  const encoder = new HanEncoder(new Vocabulary(['<unknown>', 'i', 'it']), {
    ...options,
    pooling: 'mean',
    dropout: 0,
  });
  const { words, sentenceLengths } = encoder.batch([encoder.read('I see a bug. Win it now!')], 2);
  expect([...sentenceLengths.data]).toEqual([5, 4]);
  expect([...words.data.slice(0, 2), ...words.data.slice(32, 34)]).toEqual([1, 0, 0, 2]);
  encoder.dispose();
});
