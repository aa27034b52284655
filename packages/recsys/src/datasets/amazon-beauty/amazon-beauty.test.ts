import { storedFiles } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { describe, expect, it } from 'vitest';
import { MarkovChain } from '../../baselines/markov-chain.ts';
import { Popularity } from '../../baselines/popularity.ts';
import { fullRank } from '../../evaluation/rank-items.ts';
import { InteractionLog } from '../../log/interaction-log.ts';
import { leaveOneOut } from '../../log/leave-one-out.ts';
import { amazonBeauty, readAmazonBeauty } from './amazon-beauty.ts';

const files = storedFiles(amazonBeauty);

describe.skipIf(files === undefined)('Amazon Beauty', () => {
  it('has the statistics that its card states, and the order of users and items', async () => {
    const log = InteractionLog.from(await readAmazonBeauty(files!));
    const { interactions, users, items } = amazonBeauty.statistics!;
    expect([log.size, log.users.length, log.items.length]).toEqual([interactions, users, items]);
    expect([...log.histories[0].subarray(0, 3)].map((item) => log.items[item])).toEqual([1, 2, 3]);
  });

  it('gives a tenth of its cases the known ranks: the chain ahead of popularity', async () => {
    const log = InteractionLog.from(await readAmazonBeauty(files!));
    const { training, test } = leaveOneOut(log);
    const some = test.slice(0, 1000);
    const popular = await fullRank(new Popularity(training, log.items.length), some);
    const chain = await fullRank(new MarkovChain(training, log.items.length), some);
    expect(chain.ndcg).toBeGreaterThan(3 * popular.ndcg);
  });
});

describe('readAmazonBeauty', () => {
  it('refuses what is not a pair, naming the line', async () => {
    const folder = memoryFolder();
    await folder.write('beauty.txt', new TextEncoder().encode('1 2\n3\n'));
    await expect(readAmazonBeauty(folder)).rejects.toThrow('a line must be "user item", got "3" in line 2');
  });
});
