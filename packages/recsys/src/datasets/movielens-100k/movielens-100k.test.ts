import { storedFiles } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { describe, expect, it } from 'vitest';
import { MarkovChain } from '../../baselines/markov-chain.ts';
import { Popularity } from '../../baselines/popularity.ts';
import { fullRank } from '../../evaluation/rank-items.ts';
import { InteractionLog } from '../../log/interaction-log.ts';
import { leaveOneOut } from '../../log/leave-one-out.ts';
import { movielens100k, readMovielens100k } from './movielens-100k.ts';

const files = storedFiles(movielens100k);

describe.skipIf(files === undefined)('MovieLens-100K', () => {
  it('has the statistics that its card states, and titles', async () => {
    const { ratings, titles } = await readMovielens100k(files!);
    const log = InteractionLog.from(ratings);
    const { ratings: count, users, items } = movielens100k.statistics!;
    expect([log.size, log.users.length, log.items.length]).toEqual([count, users, items]);
    expect(titles.get('1')).toBe('Toy Story');
  });

  it('gives popularity and the Markov chain their known figures, and popularity others under other rules for ties', async () => {
    const log = InteractionLog.from((await readMovielens100k(files!)).ratings);
    const { beforeTest, test } = leaveOneOut(log);
    const popularity = await fullRank(new Popularity(beforeTest, log.items.length), test);
    expect([popularity.hitRate.toFixed(4), popularity.ndcg.toFixed(4)]).toEqual(['0.0859', '0.0450']);
    const chain = await fullRank(new MarkovChain(beforeTest, log.items.length), test);
    expect([chain.hitRate.toFixed(4), chain.ndcg.toFixed(4)]).toEqual(['0.1453', '0.0793']);
  });
});

describe('readMovielens100k', () => {
  it('refuses a line of other fields, naming it', async () => {
    const folder = memoryFolder();
    await folder.write('ml-100k.inter', new TextEncoder().encode('header\n1\t2\t3\n'));
    await expect(readMovielens100k(folder)).rejects.toThrow('line 2 of ml-100k.inter must have 4 fields, got 3');
  });
});
