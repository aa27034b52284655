/**
 * What is taken from a window before a model sees it, and given back to its forecast: 'mean' is RevIN (Kim et al. 2022), mean and deviation of the
 * window; 'last' its last value (NLinear); 'none' nothing.
 */
export type WindowNormalisation = 'mean' | 'last' | 'none';

export interface NormalisedWindow {
  readonly values: Float64Array;
  readonly centre: number;
  readonly scale: number;
}

/** RevIN's: a constant window is divided by √10⁻⁵. */
const EPSILON = 1e-5;

/**
 * (x − centre) / scale of a window, computed in float64 before anything becomes a tensor; x = z · scale + centre brings it back. RevIN is without its
 * learned affine map, as PatchTST and iTransformer use it.
 *
 * @param window without missing values
 */
export function normaliseWindow(window: Float64Array, kind: WindowNormalisation): NormalisedWindow {
  const { centre, scale } = statisticsOf(window, kind);
  return { values: window.map((value) => (value - centre) / scale), centre, scale };
}

function statisticsOf(window: Float64Array, kind: WindowNormalisation) {
  if (kind === 'none') return { centre: 0, scale: 1 };
  if (kind === 'last') return { centre: window.at(-1) ?? 0, scale: 1 };
  const centre = window.reduce((sum, value) => sum + value, 0) / window.length;
  const variance = window.reduce((sum, value) => sum + (value - centre) ** 2, 0) / window.length;
  return { centre, scale: Math.sqrt(variance + EPSILON) };
}
