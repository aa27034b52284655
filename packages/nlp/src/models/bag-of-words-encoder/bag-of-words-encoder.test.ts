import { expect, it } from 'vitest';
import { BagOfWordsEncoder } from './bag-of-words-encoder.ts';

it('marks the known words and pairs of a text, each once, the most frequent first', () => {
  const options = { vocabularySize: 3, phraseLength: 2, lowerCase: true };
  const encoder = BagOfWordsEncoder.learn(['a cat', 'A cat sat', 'a dog'], options);
  const texts = ['cat cat A', 'a cat'].map((text) => encoder.read(text));
  // known: a, in three texts; "a cat" and cat, in two
  expect([...encoder.batch(texts).presence.data]).toEqual([1, 0, 1, 1, 1, 1]);
});
