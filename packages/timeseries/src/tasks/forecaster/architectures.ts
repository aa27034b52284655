import { labelMap, type AttentionMap, type LabelledMap, type Module } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';
import { createDLinear } from '../../models/dlinear/dlinear.ts';
import { createITransformer } from '../../models/itransformer/itransformer.ts';
import { createNLinear } from '../../models/nlinear/nlinear.ts';
import { createPatchTst, patchSpans } from '../../models/patchtst/patchtst.ts';
import type { WindowBatch, WindowMode } from '../../models/window-batch.ts';
import type { WindowNormalisation } from '../../scaling/window-normalisation.ts';
import type { ForecasterConfig } from './forecaster-config.ts';

export interface ForecastModel extends Module {
  forward(batch: WindowBatch, mode?: WindowMode): tf.Tensor3D;
}

/** The columns of a table, by kind. */
export interface ColumnNames {
  readonly targets: readonly string[];
  readonly pastOnly: readonly string[];
  readonly knownFuture: readonly string[];
}

/** How each architecture has its windows. */
export const NORMALISATION: Readonly<Record<ForecasterConfig['architecture'], WindowNormalisation>> = {
  nlinear: 'last', // in float64; what the model takes off after that is 0
  dlinear: 'none',
  patchtst: 'mean',
  itransformer: 'mean',
};

export function createForecastModel(config: ForecasterConfig, columns: ColumnNames): ForecastModel {
  const { lookBack, horizon, seed } = config;
  switch (config.architecture) {
    case 'nlinear':
      return createNLinear({ lookBack, horizon }, seed);
    case 'dlinear':
      return createDLinear({ lookBack, horizon, average: config.average }, seed);
    case 'patchtst':
      return createPatchTst(patchTstOf(config), seed);
    case 'itransformer': {
      const { modelWidth, layers, heads, hiddenWidth, dropout } = config;
      const knownFuture = columns.knownFuture.length > 0;
      return createITransformer(
        { lookBack, horizon, modelWidth, layers, heads, hiddenWidth, dropout, knownFuture },
        seed,
      );
    }
  }
}

function patchTstOf(config: ForecasterConfig & { architecture: 'patchtst' }) {
  const { lookBack, horizon, patchLength, stride, modelWidth, layers, heads, hiddenWidth, dropout } = config;
  const sizes = { lookBack, horizon, patchLength, stride, modelWidth, layers, heads, hiddenWidth, dropout };
  return {
    ...sizes,
    padding: 'end',
    norm: 'batch',
    placement: 'post',
    positions: 'learned',
    pooling: 'flatten',
  } as const;
}

/** One window's maps with names: patches by how many steps they lie back, or series. */
export function labelForecastMaps(
  config: ForecasterConfig,
  { targets, pastOnly, knownFuture }: ColumnNames,
  maps: readonly AttentionMap[],
  row: number,
): LabelledMap[] {
  if (config.architecture === 'patchtst') {
    const { lookBack } = config;
    const labels = patchSpans(patchTstOf(config)).map(
      ([first, last]) => `${first - lookBack}…${Math.min(-1, last - lookBack)}`,
    );
    return targets.flatMap((target, i) =>
      maps.map((map) => {
        const labelled = labelMap(map, { batch: row * targets.length + i, rows: labels, columns: labels });
        return { ...labelled, name: `${target}, ${labelled.name}` };
      }),
    );
  }
  const labels = [...targets, ...pastOnly, ...knownFuture];
  return maps.map((map) => labelMap(map, { batch: row, rows: labels, columns: labels }));
}
