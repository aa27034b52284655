import type { Standard } from './standard-scaler.ts';

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
  const { centre, scale } = windowStatistics(window, kind, { mean: 0, deviation: 1 });
  return { values: window.map((value) => (value - centre) / scale), centre, scale };
}

/**
 * What standardising a window and then normalising it comes to, in one step.
 *
 * @param window without missing values, as it is in the table
 */
export function windowStatistics(
  window: Float64Array,
  kind: WindowNormalisation,
  { mean, deviation }: Standard,
): { readonly centre: number; readonly scale: number } {
  if (kind === 'none') return { centre: mean, scale: deviation };
  if (kind === 'last') return { centre: window.at(-1) ?? 0, scale: deviation };
  let sum = 0;
  for (const value of window) sum += value;
  const centre = sum / window.length;
  let squares = 0;
  for (const value of window) squares += (value - centre) ** 2;
  return { centre, scale: Math.sqrt(squares / window.length + EPSILON * deviation ** 2) };
}
