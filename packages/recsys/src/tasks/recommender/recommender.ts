import { requireIntegers, labelMap, type LabelledMap, type RandomStream } from '@heed/attention-core';
import { Task, type FitHistory, type SavedFiles, type TaskParts } from '@heed/tasks';
import { fingerprint, parseConfig, type BatchTensors } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { fullRank, type FullRank, type RankOptions } from '../../evaluation/rank-items.ts';
import { Popularity } from '../../baselines/popularity.ts';
import type { Id, InteractionLog } from '../../log/interaction-log.ts';
import type { RankingCase } from '../../log/leave-one-out.ts';
import { binaryItemLoss } from '../../losses/binary-item-loss.ts';
import { itemCrossEntropy } from '../../losses/item-cross-entropy.ts';
import { sampledCrossEntropy } from '../../losses/sampled-cross-entropy.ts';
import { createSasRec, type SasRec } from '../../models/sasrec/sasrec.ts';
import { historyBatches, historyRows, type TrainingBatch } from './history-batches.ts';
import {
  recommenderRecipe,
  recommenderSchema,
  type Recommendation,
  type RecommendationReasons,
  type RecommenderConfig,
  type RecommenderFitOptions,
  type RecommenderOptions,
  type RecommendOptions,
} from './recommender-config.ts';
import { topItems } from './top-items.ts';

interface RecommenderParts extends TaskParts {
  readonly model: SasRec;
  readonly items: readonly Id[];
  /** How often each item was interacted with. */
  readonly counts: readonly number[];
  readonly indices: ReadonlyMap<Id, number>;
}

const stateSchema = z.object({
  items: z.array(z.union([z.string(), z.number().int()])).min(1),
  counts: z.array(z.number().min(0)),
});

/**
 * Recommends what comes next, from what somebody did before: self-attention over the history (SASRec). A user need not be known, a history is enough;
 * where nothing of it is known, the most popular items are recommended, and the result says so.
 *
 * `fit` uses Adam with a learning rate of 0.001, batches of 128 histories, 50 epochs.
 *
 * @example
 * ```ts
 * import { InteractionLog, Recommender } from '@heed/recsys';
 * const orders = ['tea milk cake', 'tea milk', 'coffee sugar', 'coffee sugar cake'];
 * const rows = orders.flatMap((order, user) => order.split(' ').map((item) => ({ user, item })));
 * const recommender = new Recommender({ modelWidth: 16, dropout: 0, seed: 7 });
 * await recommender.fit(InteractionLog.from(rows), { epochs: 60, learningRate: 0.01 });
 * const { items } = await recommender.recommend(['coffee'], { k: 1 });
 * console.log(items[0].item); // sugar
 * ```
 */
export class Recommender extends Task<RecommenderConfig, RecommenderParts> {
  static readonly kind = { name: 'Recommender', schema: recommenderSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: RecommenderOptions = {}) {
    super(Recommender.kind, { loss: 'cross-entropy', ...config });
  }

  /**
   * Learns from histories what comes next. Again on a trained recommender it goes on with the same items.
   *
   * @param log what is learned from; with `histories`, e.g. those of a split, only these
   * @throws if no user has two interactions, an item is not known already, or a checkpoint is of another run
   */
  async fit(
    log: InteractionLog,
    {
      histories = log.histories,
      ...options
    }: RecommenderFitOptions & { readonly histories?: readonly Int32Array[] } = {},
  ): Promise<FitHistory> {
    const { validation, buckets = 3 } = options;
    return this.train<TrainingBatch>(
      options,
      recommenderRecipe,
      () => this.create(log.items, [...new Popularity(histories, log.items.length).counts]),
      ({ model, items }, { batchSize }) => {
        const same = items.length === log.items.length && items.every((id, index) => id === log.items[index]);
        if (!same)
          throw new Error('Recommender.fit: the log must have the items that are known, in their order, got others');
        return {
          loss: (batch, { random }) => this.loss(model, batch, random),
          data: historyBatches(histories, items.length, this.config, { batchSize, buckets }),
          identity: { buckets, data: `${histories.length} histories, ${fingerprint(numbersOf(histories))}` },
          evaluation: validation && {
            run: async () => {
              const { hitRate, ndcg } = await this.evaluate(validation);
              return { hitRate, ndcg };
            },
            monitor: 'ndcg',
            goal: 'max',
          },
        };
      },
    );
  }

  /**
   * What comes next after a history.
   *
   * @param history items, first to last, by their own names; unknown ones are passed over and named in the result
   * @throws if `k` is not a positive integer
   */
  async recommend(history: readonly Id[], options: RecommendOptions = {}): Promise<Recommendation> {
    return (await this.recommendAll([history], options))[0];
  }

  /** The same for many histories, in their order. @throws as `recommend` */
  async recommendAll(histories: readonly (readonly Id[])[], options: RecommendOptions = {}): Promise<Recommendation[]> {
    const { k = 10, removeSeen = true, attention = false, batchSize = 64, signal } = options;
    requireIntegers('Recommender.recommend', { k });

    const { items, counts, indices } = this.require('recommend');
    const read = histories.map((history) => {
      const known = history.filter((id) => indices.has(id));
      return {
        unknown: history.filter((id) => !indices.has(id)),
        seen: Int32Array.from(known, (id) => indices.get(id)!),
      };
    });
    const list = (scores: Float32Array, seen: Int32Array) =>
      topItems(scores, k, new Set(removeSeen ? seen : [])).map(({ item, score }) => ({ item: items[item], score }));
    const popular = Float32Array.from(counts);
    const asked = [...read.keys()].filter((row) => read[row].seen.length > 0);
    const answers = await this.rank(
      asked.map((row) => read[row].seen),
      { batchSize, signal, attention },
      (scores, seen, attention) => ({ items: list(scores, seen), from: 'history' as const, ...attention }),
    );
    const found = new Map(asked.map((row, i) => [row, answers[i]]));
    return read.map(({ unknown, seen }, row) => ({
      ...(found.get(row) ?? { items: list(popular, seen), from: 'popularity' as const }),
      unknown,
    }));
  }

  /**
   * Which items of a history spoke for a recommendation: how much its score falls when each is taken out.
   *
   * @param item what is explained. Default: what is recommended first
   * @throws if no item of the history is known, or `item` is not
   */
  async explain(history: readonly Id[], item?: Id): Promise<RecommendationReasons> {
    const { indices, items, model } = this.require('explain');
    const seen = Int32Array.from(history.filter((id) => indices.has(id)).slice(-model.config.maximumLength), (id) =>
      indices.get(id)!,
    );
    if (seen.length === 0) throw new Error('Recommender.explain: an item of the history must be known, got none');
    const without = [...seen.keys()].map((place) => seen.filter((_, other) => other !== place));
    const kept = without.filter(({ length }) => length > 0);
    const [whole, ...others] = await this.rank([seen, ...kept], { batchSize: 64 }, (scores) => scores);
    const wanted = item === undefined ? topItems(whole, 1, new Set(seen))[0]?.item : indices.get(item);
    if (wanted === undefined) throw new Error(`Recommender.explain: item must be known, got ${String(item)}`);
    const removals =
      kept.length === 0
        ? []
        : others.map((scores, place) => ({ item: items[seen[place]], fall: whole[wanted] - scores[wanted] }));
    return { item: items[wanted], score: whole[wanted], removals: removals.sort((a, b) => b.fall - a.fall) };
  }

  /** Items whose vectors point most nearly the same way, with their cosines. @throws if the item is not known */
  async similar(item: Id, { k = 10 }: { readonly k?: number } = {}): Promise<{ item: Id; cosine: number }[]> {
    const { indices, items, model } = this.require('similar');
    const index = indices.get(item);
    if (index === undefined) throw new Error(`Recommender.similar: item must be known, got ${String(item)}`);
    const cosines = tf.tidy(() => {
      const unit = tf.div(model.items.weight, tf.maximum(tf.norm(model.items.weight, 2, 1, true), 1e-12)); // [V, M]
      return tf.squeeze(
        tf.matMul(unit as tf.Tensor2D, tf.slice(unit as tf.Tensor2D, [index, 0], [1, -1]), false, true),
        [1],
      ); // [V]
    });
    const values = (await cosines.data()) as Float32Array;
    cosines.dispose();
    return topItems(values, k, new Set([index])).map(({ item: other, score }) => ({
      item: items[other],
      cosine: score,
    }));
  }

  /** How well what came next is ranked among all items. @throws as `fullRank` */
  async evaluate(cases: readonly RankingCase[], options: RankOptions = {}): Promise<FullRank> {
    const { items } = this.require('evaluate').model.config;
    return fullRank({ items, score: (histories) => this.scores(histories) }, cases, options);
  }

  /** Scores of all known items after each history, row by row: what `fullRank` and `sampledRank` take. @param histories indices of the log, each at least one */
  async scores(histories: readonly Int32Array[]): Promise<Float32Array> {
    const { items } = this.require('scores').model.config;
    const rows = await this.rank(histories, { batchSize: Math.max(1, histories.length) }, (scores) => scores);
    const all = new Float32Array(histories.length * items);
    for (const [row, scores] of rows.entries()) all.set(scores, row * items);
    return all;
  }

  protected describe({ items, counts }: RecommenderParts) {
    return { state: { items, counts } };
  }

  protected restore({ state }: SavedFiles): RecommenderParts {
    const { items, counts } = parseConfig('Recommender.load', stateSchema, state);
    return this.create(items, counts);
  }

  private create(items: readonly Id[], counts: readonly number[]): RecommenderParts {
    const { maximumLength, modelWidth, layers, heads, dropout, norm, seed } = this.config;
    const config = { items: items.length, maximumLength, modelWidth, layers, heads, dropout, norm };
    return { model: createSasRec(config, seed), items, counts, indices: new Map(items.map((id, i) => [id, i])) };
  }

  /** The scores of all items after each history, compiled where the backend can. */
  private rank<Result>(
    histories: readonly Int32Array[],
    options: { readonly batchSize: number; readonly signal?: AbortSignal | undefined; readonly attention?: boolean },
    result: (scores: Float32Array, history: Int32Array, attention: { attention?: LabelledMap[] }) => Result,
  ): Promise<Result[]> {
    const { model, items } = this.require('recommend');
    const { maximumLength } = model.config;
    return this.predictInBatches(
      'recommend',
      histories,
      {
        size: ({ length }) => Math.min(length, maximumLength),
        maximumSize: maximumLength,
        batch: (chosen, size) =>
          historyRows(
            chosen.map((history) => history.subarray(-maximumLength)),
            size,
          ),
        forward: (batch) => ({ scores: model.next(batch) }), // [B, V]
        result: ({ scores: { data } }, history, row, maps) => {
          const labels = Array.from(history.subarray(-maximumLength), (item) => String(items[item]));
          const attention = maps.map((map) => labelMap(map, { batch: row, rows: labels, columns: labels }));
          return result(data as Float32Array, history, options.attention === true ? { attention } : {});
        },
      },
      options,
    );
  }

  private loss(model: SasRec, batch: BatchTensors<TrainingBatch>, random: RandomStream): tf.Scalar {
    const { config } = this;
    const { places, targets, negatives } = batch;
    return tf.tidy(() => {
      const hidden = model.forward(batch, { random }); // [B, L, M]
      const packed = tf.gather(tf.reshape(hidden, [-1, config.modelWidth]), places) as tf.Tensor2D; // [T, M]
      const vectors = model.items.weight;
      if (config.loss === 'cross-entropy') return itemCrossEntropy(packed, vectors, targets);
      if (config.loss === 'sampled') return sampledCrossEntropy(packed, vectors, targets, negatives);
      return binaryItemLoss(packed, vectors, targets, tf.reshape(negatives, [-1, config.negatives]));
    });
  }
}

function* numbersOf(histories: readonly Int32Array[]): Generator<number> {
  for (const history of histories) {
    yield* history;
    yield -1;
  }
}
