/** What every model must beat: forecasts a series from its own past, without learning. */
export interface Baseline {
  readonly name: string;
  /** Steps of the past that it needs at least. */
  readonly needs: number;
  /**
   * @param history without a missing value at its end where it matters: the last value that is there is meant
   * @param stamps when the history and the horizon are, where it goes by the clock
   */
  forecast(history: Float64Array, horizon: number, stamps?: BaselineStamps): Float64Array;
}

export interface BaselineStamps {
  readonly history: Float64Array;
  readonly horizon: Float64Array;
}
