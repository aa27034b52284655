/** MovieLens-100K, leave one out, all items ranked: self-attention beside counting, and why figures of other rules do not mix. */
import { join } from 'node:path';
import { defineResult, fetchData, progressBar, type ResultContext } from '@heed/node';
import {
  fullRank,
  InteractionLog,
  ItemNeighbours,
  leaveOneOut,
  MarkovChain,
  movielens100k,
  pairedBootstrap,
  Popularity,
  readMovielens100k,
  Recommender,
  sampledRank,
  type FullRank,
  type RecommenderOptions,
} from '@heed/recsys';

const SIZES = { maximumLength: 100, modelWidth: 64, layers: 2, heads: 1, dropout: 0.5 } as const;
const QUICK = { maximumLength: 20, modelWidth: 16, layers: 1, heads: 1, dropout: 0 } as const;
const SEEDS = [1, 2, 3];

export default defineResult({
  task: 'The next film of MovieLens-100K, among all films',
  figures: { hitRate: { name: 'HR@10', digits: 4 }, ndcg: { name: 'NDCG@10', digits: 4 } },
  baseline: 'first-order Markov chain backed by popularity, counted on all but the last interaction',
  published: {
    value: 'popularity .0859/.0450, Markov chain .1453/.0793; GRU4Rec .110/.051',
    source: "counted with the same rule; RecBole's GRU4Rec demonstration",
  },
  minutes: 20,
  protocol:
    "The last rating of each of the 943 users is for testing, the one before for validation; times that tie keep the file's order. All 1,682 films are " +
    'ranked, those seen left out, equal scores ranked best. SASRec of 2 layers, 64 wide, 1 head, histories of up to 100, dropout 0.5, cross-entropy over all ' +
    'films, Adam at 0.002, batches of 128; trained without the last two ratings for at most 120 epochs, until NDCG@10 on validation has not risen for 30, best weights. Mean of ' +
    'seeds 1, 2, 3.',
  data: [movielens100k],
  run: async (context) => {
    const { quick, signal, part } = context;
    const { ratings } = await readMovielens100k(await fetchData(movielens100k, { signal }));
    const log = InteractionLog.from(ratings);
    const items = log.items.length;
    const { training, beforeTest, validation, test } = leaveOneOut(log);
    const cases = quick ? test.slice(0, 100) : test;
    const popularity = new Popularity(beforeTest, items);
    const chain = await fullRank(new MarkovChain(beforeTest, items), cases);
    const neighbours = await fullRank(new ItemNeighbours(training, items), cases);

    const fit = {
      log,
      histories: quick ? training.slice(0, 200) : training,
      validation: quick ? validation.slice(0, 50) : validation,
    };
    const runs: { seed: number; hitRate: number; ndcg: number; sampled: number; ranks: number[]; epochs: number }[] =
      [];
    for (const seed of quick ? [1] : SEEDS) {
      const run = await part(`sasrec-${seed}`, async () => {
        const trained = await train(`sasrec-${seed}`, { ...(quick ? QUICK : SIZES), seed }, fit, context);
        if (trained === undefined) return undefined;
        const { recommender, epochs } = trained;
        const { hitRate, ndcg, ranks } = await recommender.evaluate(cases);
        const model = { items, score: (histories: readonly Int32Array[]) => recommender.scores(histories) };
        const { hitRate: sampled } = await sampledRank(model, cases, { seed: 1 });
        recommender.dispose();
        return { seed, hitRate, ndcg, sampled, ranks: [...ranks], epochs };
      });
      if (run === undefined) return undefined;
      runs.push(run);
    }
    const mean = (value: (run: (typeof runs)[number]) => number) =>
      runs.reduce((sum, run) => sum + value(run), 0) / runs.length;
    const asMetrics = ({ ranks }: (typeof runs)[number]): FullRank => ({ ...chain, ranks: Int32Array.from(ranks) });
    const plain = ({ hitRate, ndcg }: FullRank) => ({ hitRate, ndcg });
    return {
      ours: { hitRate: mean((run) => run.hitRate), ndcg: mean((run) => run.ndcg) },
      baseline: plain(chain),
      details: {
        popularity: plain(await fullRank(popularity, cases)),
        popularityByIndex: plain(await fullRank(popularity, cases, { ties: 'index' })),
        popularityWorst: plain(await fullRank(popularity, cases, { ties: 'worst' })),
        popularitySampled100: (await sampledRank(popularity, cases, { seed: 1 })).hitRate,
        itemNeighbours: plain(neighbours),
        sampled100: mean((run) => run.sampled),
        seeds: runs.map(({ seed, hitRate, ndcg, epochs }) => ({ seed, hitRate, ndcg, epochs })),
        ndcgAboveChain: runs.map((run) => pairedBootstrap(asMetrics(run), chain, { seed: 1 })),
      },
    };
  },
});

interface Fit {
  readonly log: InteractionLog;
  readonly histories: readonly Int32Array[];
  readonly validation: ReturnType<typeof leaveOneOut>['validation'];
}

/** @returns undefined after Ctrl-C */
async function train(
  name: string,
  options: RecommenderOptions,
  { log, ...fit }: Fit,
  { quick, signal, folder }: ResultContext,
): Promise<{ recommender: Recommender; epochs: number } | undefined> {
  const recommender = new Recommender(options);
  const { reason, evaluations } = await recommender.fit(log, {
    ...fit,
    epochs: quick ? 2 : 120,
    learningRate: 0.002,
    ...(!quick && { evaluateEverySteps: 40 }), // of some 8 an epoch
    patience: 6,
    ...(!quick && { checkpoints: join(folder, name) }),
    signal,
    onEvent: progressBar({ unit: 'histories', label: name, seconds: 30 }),
  });
  if (reason !== 'aborted') return { recommender, epochs: evaluations.at(-1)!.epoch + 1 };
  recommender.dispose();
  return undefined;
}
