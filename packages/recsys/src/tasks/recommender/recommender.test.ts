import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { afterEach, describe, expect, it } from 'vitest';
import { InteractionLog } from '../../log/interaction-log.ts';
import { leaveOneOut } from '../../log/leave-one-out.ts';
import type { RecommenderOptions } from './recommender-config.ts';
import { Recommender } from './recommender.ts';
import { topItems } from './top-items.ts';

// a follows b, b follows c … round and round; users begin in different places
const LETTERS = [...'abcdefgh'];
const circle = (start: number, length: number) =>
  Array.from({ length }, (_, i) => LETTERS[(start + i) % LETTERS.length]);
const rows = Array.from({ length: 24 }, (_, user) =>
  circle(user, 3 + (user % 4)).map((item) => ({ user, item })),
).flat();
const log = InteractionLog.from(rows);

const made: Recommender[] = [];
const create = (change: RecommenderOptions = {}) => {
  const options = { modelWidth: 16, layers: 1, dropout: 0, maximumLength: 6, seed: 3, ...change } as RecommenderOptions;
  const recommender = new Recommender(options);
  made.push(recommender);
  return recommender;
};
afterEach(() => made.splice(0).forEach((recommender) => recommender.dispose()));

describe.each(['cross-entropy', 'sampled', 'binary'] as const)("with loss '%s'", (loss) => {
  describeTaskContract('Recommender', {
    create: () => create({ loss }),
    untrained: () => create(),
    load: (folder) => Recommender.load(folder),
    folder: memoryFolder,
    fit: (recommender, options) => recommender.fit(log, { batchSize: 8, ...options }),
    fitBadly: (recommender) => recommender.fit(InteractionLog.from([{ user: 1, item: 1 }])),
    inputs: [['a'], ['a', 'b', 'c'], circle(2, 9), ['c', 'd']],
    predict: (recommender, histories, options) =>
      recommender.recommendAll(histories, { k: 3, removeSeen: false, ...options }),
    outcome: ({ items }) => ({ exact: items.map(({ item }) => item), numbers: items.map(({ score }) => score) }),
    tolerance: 1e-5, // scores, not probabilities
  });

  it('learns what comes next', async () => {
    const negatives = loss === 'cross-entropy' ? {} : { negatives: 8 };
    const recommender = create({ loss, ...negatives } as RecommenderOptions);
    await recommender.fit(log, { epochs: 60, learningRate: 0.01, batchSize: 8 });
    for (const [history, next] of [
      [['a', 'b'], 'c'],
      [['g', 'h'], 'a'],
    ] as const) {
      expect((await recommender.recommend(history, { k: 1 })).items[0].item).toBe(next);
    }
  });
});

describe('Recommender', () => {
  const trained = async () => {
    const recommender = create();
    await recommender.fit(log, { epochs: 60, learningRate: 0.01, batchSize: 8 });
    return recommender;
  };

  it('recommends what is popular where nothing of a history is known, and says so', async () => {
    const recommender = await trained();
    const { items, from, unknown } = await recommender.recommend(['zebra', '__proto__'], { k: 2 });
    expect({ from, unknown }).toEqual({ from: 'popularity', unknown: ['zebra', '__proto__'] });
    const counts = (letter: string) => rows.filter(({ item }) => item === letter).length;
    expect(items.map(({ item, score }) => score === counts(String(item)))).toEqual([true, true]);
    const known = await recommender.recommend(['zebra', 'a']);
    expect(known).toMatchObject({ from: 'history', unknown: ['zebra'] });
    // all that is left: eight letters less one
    expect((await recommender.recommend(['a'], { k: 50 })).items.length).toBe(7);
  });

  it('ranks what came next, measures it while it learns, and keeps the best weights', async () => {
    const { training, validation, test } = leaveOneOut(log);
    const recommender = create();
    const history = await recommender.fit(log, {
      histories: training,
      validation,
      epochs: 40,
      learningRate: 0.01,
      batchSize: 8,
      patience: 10,
    });
    expect(history.best!.metrics.ndcg).toBeGreaterThan(0.9);
    const measured = await recommender.evaluate(validation);
    expect(measured.ndcg).toBeCloseTo(history.best!.metrics.ndcg, 6);
    expect((await recommender.evaluate(test)).mode).toBe('full-rank');
  });

  it('shows what was looked at, and which item of the history spoke for a recommendation', async () => {
    const recommender = await trained();
    const { attention } = await recommender.recommend(['a', 'b', 'c'], { attention: true });
    expect(attention!.map(({ rows: labels }) => labels)).toEqual([['a', 'b', 'c']]);
    for (const weights of attention![0].weights)
      expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
    const { item, removals } = await recommender.explain(['a', 'b', 'c']);
    expect(item).toBe('d');
    expect(removals[0].item).toBe('c'); // the last one decides
    expect(removals.length).toBe(3);
    await expect(recommender.explain(['zebra'])).rejects.toThrow('an item of the history must be known, got none');
  });

  it('finds similar items, with cosines', async () => {
    const similar = await (await trained()).similar('a', { k: 3 });
    expect(similar.length).toBe(3);
    for (const { cosine } of similar) expect(Math.abs(cosine)).toBeLessThanOrEqual(1 + 1e-6);
    expect(similar.map(({ item }) => item)).not.toContain('a');
  });

  it('refuses bad options and other items, naming them', async () => {
    expect(() => create({ loss: 'cross-entropy', negatives: 3 } as never)).toThrow('Recommender: config: ');
    const recommender = await trained();
    await expect(recommender.recommend(['a'], { k: 0 })).rejects.toThrow('k must be a positive integer, got 0');
    await expect(recommender.fit(InteractionLog.from(rows.slice(3)))).rejects.toThrow(
      'the log must have the items that are known',
    );
  });
});

describe('topItems', () => {
  it('gives the highest scores, of equal ones the first, without those that are left out', () => {
    const scores = Float32Array.of(1, 5, 5, 3, 9);
    expect(topItems(scores, 3, new Set([4])).map(({ item }) => item)).toEqual([1, 2, 3]);
    expect(topItems(scores, 9, new Set()).map(({ item }) => item)).toEqual([4, 1, 2, 3, 0]);
  });
});
