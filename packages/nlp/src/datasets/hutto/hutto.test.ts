import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { createTarGzip } from 'nanotar';
import { describe, expect, it } from 'vitest';
import { hutto, readHutto, splitMovieSentences } from './hutto.ts';

const archive = async (name: string, text: string) => {
  const data = await createTarGzip([{ name: `hutto_ICWSM_2014/${name}`, data: text }]);
  return { read: () => Promise.resolve(data) };
};

describe('readHutto', () => {
  it('reads ratings and texts, and which document a sentence is of', async () => {
    const films = await archive('movieReviewSnippets_GroundTruth.txt', '1\t2.25\tA gem.\r\n2\t-0.6\tToo  long \r\n');
    expect(await readHutto(films, 'movies')).toEqual([
      { text: 'A gem.', rating: 2.25 },
      { text: 'Too  long', rating: -0.6 },
    ]);
    const reviews = await archive(
      'amazonReviewSnippets_GroundTruth.txt',
      '1_1\t0\tOne.\r\n1_2\t1\tTwo.\r\n2_1\t2\tThree.',
    );
    expect((await readHutto(reviews, 'products')).map(({ document }) => document)).toEqual(['1', '1', '2']);
  });

  it.each(['1\tmuch\tA gem.', '1\t2', '\t2\tA gem.', '1\t2\t ', 'x'])('refuses the line %j', async (line) => {
    const damaged = await archive('tweets_GroundTruth.txt', `1\t1\tGood.\n${line}\n`);
    await expect(readHutto(damaged, 'tweets')).rejects.toThrow(
      `readHutto: line 2 must be a number, a rating and a text, got ${JSON.stringify(line)}`,
    );
  });

  it('refuses what is no archive, and one without the part', async () => {
    const junk = { read: () => Promise.resolve(new Uint8Array([1, 2, 3])) };
    await expect(readHutto(junk, 'tweets')).rejects.toThrow('must be a gzipped tar, got 3 bytes that are none');
    await expect(readHutto(await archive('other.txt', ''), 'tweets')).rejects.toThrow(
      'must hold tweets_GroundTruth.txt, got none',
    );
  });
});

describe('splitMovieSentences', () => {
  it('takes the sign of the rating, leaves out what has none, and a sentence that was there before', () => {
    const rated = [
      { text: 'Good.', rating: 0.1 },
      { text: 'Bad.', rating: -3 },
      { text: 'So so.', rating: 0 },
      { text: 'good.', rating: -1 },
    ];
    const { train, validation, test } = splitMovieSentences(rated);
    expect([...train, ...validation, ...test].toSorted((a, b) => (a.text < b.text ? -1 : 1))).toEqual([
      { text: 'Bad.', label: 'negative' },
      { text: 'Good.', label: 'positive' },
    ]);
  });
});

const files = storedFiles(hutto);

describe.skipIf(files === undefined)('hutto', () => {
  it('has the file, parts and splits on its card', async () => {
    const [{ name, bytes, sha256 }] = hutto.files;
    const content = await files!.read(name);
    expect(content.length).toBe(bytes);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);

    const [movies, editorials, products, tweets] = await Promise.all(
      (['movies', 'editorials', 'products', 'tweets'] as const).map((part) => readHutto(files!, part)),
    );
    const documents = (sentences: typeof editorials) => new Set(sentences.map(({ document }) => document)).size;
    expect({
      'movie sentences': movies.length,
      'movie sentences rated positive': movies.filter(({ rating }) => rating > 0).length,
      'movie sentences rated negative': movies.filter(({ rating }) => rating < 0).length,
      'editorial sentences': editorials.length,
      editorials: documents(editorials),
      'product review sentences': products.length,
      'product reviews': documents(products),
      tweets: tweets.length,
    }).toEqual(hutto.statistics);

    const { train, validation, test } = splitMovieSentences(movies);
    const { rule: _, ...sizes } = hutto.splits!;
    expect({ train: train.length, validation: validation.length, test: test.length }).toEqual(sizes);
    const seen = new Set(train.map(({ text }) => text.toLowerCase()));
    expect([...validation, ...test].filter(({ text }) => seen.has(text.toLowerCase()))).toEqual([]);
  });
});
