import type { DatasetCard, FileReader } from '@heed/training';
import type { Interaction } from '../../log/interaction-log.ts';

/** Reviews of beauty products at Amazon as BERT4Rec's authors published them: users and items of at least five, in the order of time. */
export const amazonBeauty: DatasetCard = {
  name: 'amazon-beauty',
  licence: 'not stated: for benchmarks only',
  source: 'github antklen/sasrec-bert4rec-recsys23 @29c272e, as BERT4Rec published it',
  reference:
    'McAuley et al. 2015, "Image-based recommendations on styles and substitutes"; Sun et al. 2019, "BERT4Rec"',
  files: [
    {
      name: 'beauty.txt',
      bytes: 3912093,
      sha256: 'f480b7a7403852342ffd8f9809bb30697dd669be31813d0e204b698fec86ef49',
      url: 'https://raw.githubusercontent.com/antklen/sasrec-bert4rec-recsys23/29c272e/data/beauty.txt',
      mirror: 'beauty/beauty.txt',
    },
  ],
  splits: { test: "every user's last interaction", validation: 'the one before' },
  statistics: { interactions: 353962, users: 40226, items: 54542 },
};

/**
 * The reviews, in their order: lines of `user item`, a user's first to last.
 *
 * @throws if a line is none, naming it
 */
export async function readAmazonBeauty(files: FileReader): Promise<Interaction[]> {
  const text = new TextDecoder().decode(await files.read('beauty.txt'));
  return text
    .trimEnd()
    .split('\n')
    .map((line, i): Interaction => {
      const match = /^(\d+) (\d+)$/.exec(line);
      if (match === null) {
        throw new Error(`readAmazonBeauty: a line must be "user item", got ${JSON.stringify(line)} in line ${i + 1}`);
      }
      return { user: Number(match[1]), item: Number(match[2]) };
    });
}
