import { concatenate } from '../../table/concatenate.ts';
import { requireIntegers, labelMap, type AttentionMap, type LabelledMap } from '@heed/attention-core';
import { disposeOnFailure, Task, type SavedFiles, type TaskParts } from '@heed/tasks';
import { loadPretrained, openPretrained, readConfig, type FileSource } from '@heed/training';
import { baselineOf } from '../../baselines/baseline-of.ts';
import { chronosBoltConfigOf, chronosBoltNames } from '../../models/chronos-bolt/chronos-bolt.published.ts';
import { createChronosBolt, type ChronosBolt } from '../../models/chronos-bolt/chronos-bolt.ts';
import { readContext } from '../../models/chronos-bolt/read-context.ts';
import {
  zeroShotSchema,
  type ZeroShotForecast,
  type ZeroShotForecasterConfig,
  type ZeroShotOptions,
} from './zero-shot-forecaster-config.ts';

interface ZeroShotParts extends TaskParts {
  readonly model: ChronosBolt;
  /** `config.json` as it was published. */
  readonly published: Readonly<Record<string, unknown>>;
}

/**
 * Forecasts series that it was not trained on, by a published Chronos-Bolt: quantiles of what comes, beside a simple baseline. It is not trained here.
 *
 * @example
 * ```ts
 * import { ZeroShotForecaster } from '@heed/timeseries';
 * async function tomorrow(folder: string, hours: number[]): Promise<Float64Array> {
 *   const forecaster = await ZeroShotForecaster.fromPretrained(folder, { season: 24 });
 *   const [{ values }] = await forecaster.predict([hours], { horizon: 24 });
 *   forecaster.dispose();
 *   return values;
 * }
 * ```
 */
export class ZeroShotForecaster extends Task<ZeroShotForecasterConfig, ZeroShotParts> {
  static readonly kind = { name: 'ZeroShotForecaster', schema: zeroShotSchema };

  /** For `fromPretrained` and `load`, which bring the weights. @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<ZeroShotForecasterConfig> = {}) {
    super(ZeroShotForecaster.kind, config);
  }

  /**
   * Opens a published Chronos-Bolt: from a folder or a path (see `startBackend` of @heed/node), or by its id on the Hugging Face hub.
   *
   * @throws if a file is missing or damaged, or the model is another one
   */
  static async fromPretrained(
    where: FileSource | string,
    config: Partial<ZeroShotForecasterConfig> = {},
  ): Promise<ZeroShotForecaster> {
    const source = await openPretrained(where);
    const { format: _, version: __, config: ___, state: ____, files: _____, ...published } = await readConfig(source);
    const parts = partsOf(published);
    return disposeOnFailure(parts.model, async () => {
      await loadPretrained(source, parts.model, chronosBoltNames(parts.model.config));
      return new ZeroShotForecaster(config).adopt(parts);
    });
  }

  /**
   * What comes after each history. Missing values are NaN; what lies further back than the model looks does not count.
   *
   * @throws if a value is infinite or none is there, a history is shorter than the baseline's season, or `horizon` is not a positive integer
   */
  async predict(histories: readonly ArrayLike<number>[], options: ZeroShotOptions = {}): Promise<ZeroShotForecast[]> {
    const { model } = this.require('predict');
    const { quantiles: levels, horizon: atOnce } = model.config;
    const { horizon = atOnce, attention = false } = options;
    requireIntegers('ZeroShotForecaster.predict', { horizon });
    const baseline = baselineOf(this.config);
    const read = histories.map((history, i) => checked(history, i, baseline.needs));
    const first = await this.forward(read, options);
    const maps = first.map(({ attention: shown }) => shown);
    let blocks = first.map(({ quantiles }) => quantiles);
    const made = blocks.map((block) => block.map((values) => [...values]));
    // beyond what is forecast at once, every quantile is a past of its own
    let pasts = read.map((history) => levels.map(() => history));
    for (let done = atOnce; done < horizon; done += atOnce) {
      pasts = pasts.map((own, i) =>
        own.map((past, q) => concatenate(past, blocks[i][q]).slice(-model.config.lookBack)),
      );
      const { attention: _, ...rest } = options;
      const next = await this.forward(pasts.flat(), rest);
      blocks = read.map((__, i) => {
        const draws = next.slice(i * levels.length, (i + 1) * levels.length).flatMap(({ quantiles }) => quantiles);
        return levels.map((level) =>
          Float64Array.from({ length: atOnce }, (___, step) =>
            quantileOf(
              draws.map((draw) => draw[step]),
              level,
            ),
          ),
        );
      });
      blocks.forEach((block, i) => block.forEach((values, q) => made[i][q].push(...values)));
    }
    const middle = levels.reduce(
      (best, level, q) => (Math.abs(level - 0.5) < Math.abs(levels[best] - 0.5) ? q : best),
      0,
    );
    return made.map((block, i) => {
      const columns = withoutCrossing(block.map((values) => Float64Array.from(values.slice(0, horizon))));
      return {
        values: columns[middle],
        quantiles: levels.map((quantile, q) => ({ quantile, values: columns[q] })),
        baseline: baseline.forecast(read[i], horizon),
        baselineName: baseline.name,
        ...(attention && { attention: maps[i] }),
      };
    });
  }

  protected describe({ model, published }: ZeroShotParts) {
    return { published, names: chronosBoltNames(model.config) };
  }

  protected restore({ published }: SavedFiles): ZeroShotParts {
    const { format: _, version: __, config: ___, state: ____, files: _____, ...own } = published;
    return partsOf(own);
  }

  /** Quantiles of the steps that the model forecasts at once, in the series' own units. */
  private forward(histories: readonly Float64Array[], { attention = false, batchSize = 32, signal }: ZeroShotOptions) {
    const { model } = this.require('predict');
    const { lookBack, patchLength, horizon, quantiles: levels } = model.config;
    return this.predictInBatches(
      'predict',
      histories,
      {
        size: ({ length }) => Math.min(length, lookBack),
        maximumSize: lookBack,
        batch: (chosen, size) => {
          const room = Math.ceil(size / patchLength) * patchLength;
          const contexts = chosen.map((history) => readContext(history, model.config, room));
          const stack = (of: (context: (typeof contexts)[number]) => Float32Array) => {
            const data = new Float32Array(chosen.length * room);
            contexts.forEach((context, row) => data.set(of(context), row * room));
            return { data, shape: [chosen.length, room] as const };
          };
          return { values: stack(({ values }) => values), observed: stack(({ observed }) => observed) };
        },
        forward: (batch) => ({ quantiles: model.forward(batch) }), // [B, Q, H]
        result: ({ quantiles: { data } }, history, row, maps) => {
          const { centre, scale } = readContext(history, model.config);
          const of = (q: number) =>
            Float64Array.from({ length: horizon }, (_, step) => data[q * horizon + step] * scale + centre);
          return { quantiles: levels.map((_, q) => of(q)), attention: labelled(maps, row, model) };
        },
      },
      { batchSize, signal, attention },
    );
  }
}

function partsOf(published: Readonly<Record<string, unknown>>): ZeroShotParts {
  return { model: createChronosBolt(chronosBoltConfigOf(published), 0), published };
}

function checked(history: ArrayLike<number>, index: number, needed: number): Float64Array {
  const values = Float64Array.from(history);
  const owner = 'ZeroShotForecaster.predict';
  const wrong = values.findIndex((value, i) => !Number.isFinite(value) && !Number.isNaN(history[i]));
  if (wrong >= 0) {
    const value = typeof history[wrong] === 'string' ? JSON.stringify(history[wrong]) : String(history[wrong]);
    throw new Error(
      `${owner}: values must be finite, or NaN where one is missing, got ${value} in history ${index}, step ${wrong}`,
    );
  }
  if (values.every(Number.isNaN))
    throw new Error(`${owner}: a history must have a value, got none in history ${index}`);
  if (values.length < needed) {
    throw new Error(
      `${owner}: a history must have the baseline's ${needed} steps, got ${values.length} in history ${index}`,
    );
  }
  return values;
}

/** Maps over patches; the token of the whole series comes last. */
function labelled(maps: readonly AttentionMap[], row: number, { config }: ChronosBolt): LabelledMap[] {
  const { patchLength, registerToken } = config;
  return maps.flatMap((map) => {
    const [, , queries, keys] = map.weights.shape;
    if (keys === 1 && map.name.startsWith('decoder')) return []; // one step that sees itself
    const patches = registerToken ? keys - 1 : keys;
    const labels = Array.from({ length: patches }, (_, i) => {
      const from = (i - patches) * patchLength;
      return `${from}…${from + patchLength - 1}`;
    });
    if (registerToken) labels.push('all');
    return [labelMap(map, { batch: row, rows: queries === keys ? labels : ['forecast'], columns: labels })];
  });
}

/** As torch.quantile: between two values in order of size, by how far it is from each. */
function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = Float64Array.from(values).sort();
  const place = quantile * (sorted.length - 1);
  const below = Math.floor(place);
  return sorted[below] + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
}

/** The same quantiles, at each step in order of size (Chernozhukov et al. 2010): never worse, and none lies above a higher one. */
function withoutCrossing(columns: readonly Float64Array[]): Float64Array[] {
  const made = columns.map((column) => new Float64Array(column.length));
  columns[0].forEach((_, step) => {
    const sorted = Float64Array.from(columns, (column) => column[step]).sort();
    sorted.forEach((value, q) => {
      made[q][step] = value;
    });
  });
  return made;
}
