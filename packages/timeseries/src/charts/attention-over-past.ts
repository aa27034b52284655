import type { LabelledMap } from '@heed/attention-core';

/**
 * How much each past step is looked at: the mean over all patches that look, shared equally by the steps of the patch that is looked at. What a patch repeats
 * after the end counts for the last step.
 *
 * @param map of patches, as a PatchTST's `Forecast.attention` has it
 * @param spans first and last step of each patch: `patchSpans`
 * @returns a weight for each step; all of them sum up to 1
 *
 * @example
 * ```ts
 * import { attentionOverPast, patchSpans } from '@heed/timeseries';
 * const spans = patchSpans({ lookBack: 4, patchLength: 2, stride: 2, padding: 'none' });
 * const labels = ['-4…-3', '-2…-1'];
 * attentionOverPast({ name: 'y', rows: labels, columns: labels, weights: [[0.2, 0.8], [0, 1]] }, spans, 4); // [0.05, 0.05, 0.45, 0.45]
 * ```
 */
export function attentionOverPast(
  map: LabelledMap,
  spans: readonly (readonly [first: number, last: number])[],
  lookBack: number,
): Float64Array {
  if (spans.length !== map.columns.length) {
    throw new Error(
      `attentionOverPast: spans must be as many as the map has columns, got ${spans.length}, ${map.columns.length}`,
    );
  }
  const weights = new Float64Array(lookBack);
  for (const [column, [first, last]] of spans.entries()) {
    const looked = map.weights.reduce((sum, row) => sum + row[column], 0) / map.weights.length;
    for (let step = first; step <= last; step++) weights[Math.min(step, lookBack - 1)] += looked / (last - first + 1);
  }
  return weights;
}
