/** What somebody will watch next: self-attention over the films that 943 people rated, beside popularity and a Markov chain. */
import { defineExample, fetchData, progressBar } from '@heed/node';
import {
  fullRank,
  InteractionLog,
  leaveOneOut,
  MarkovChain,
  movielens100k,
  Popularity,
  readMovielens100k,
  Recommender,
} from '@heed/recsys';

export default defineExample({
  summary: 'Recommends films from what somebody watched (MovieLens-100K), and says which of them spoke for each.',
  minutes: { tensorflow: 4, wasm: 25 },
  run: async ({ signal, quick, folder, print }) => {
    const { ratings, titles } = await readMovielens100k(await fetchData(movielens100k, { signal }));
    const log = InteractionLog.from(ratings);
    const { training, beforeTest, validation, test } = leaveOneOut(log);
    const recommender = new Recommender(
      quick ? { maximumLength: 20, modelWidth: 16, layers: 1 } : { maximumLength: 100, dropout: 0.4, seed: 1 },
    );
    const { reason } = await recommender.fit(log, {
      histories: quick ? training.slice(0, 200) : training,
      validation: quick ? validation.slice(0, 50) : validation,
      epochs: quick ? 2 : 40,
      learningRate: 0.003,
      checkpoints: `${folder}/checkpoints`,
      signal,
      onEvent: progressBar({ unit: 'histories' }),
    });
    if (reason === 'aborted') return;

    const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
    const cases = quick ? test.slice(0, 50) : test;
    for (const [name, metrics] of [
      ['popularity', await fullRank(new Popularity(beforeTest, log.items.length), cases)],
      ['Markov chain', await fullRank(new MarkovChain(beforeTest, log.items.length), cases)],
      ['self-attention', await recommender.evaluate(cases)],
    ] as const) {
      print(`${name}: HR@10 ${percent(metrics.hitRate)}, NDCG@10 ${percent(metrics.ndcg)}`);
    }

    const history = [...test[0].history].slice(-5).map((item) => log.items[item]);
    const title = (id: string | number) => titles.get(String(id)) ?? String(id);
    print(`After ${history.map(title).join(', ')}:`);
    const { items } = await recommender.recommend(history, { k: 3 });
    for (const { item } of items) {
      const { removals } = await recommender.explain(history, item);
      print(`  ${title(item)}, for ${title(removals[0].item)}`);
    }
    recommender.dispose();
  },
});
