/** Mean and variance of numbers by the vector, as JSON. */
export interface Moments {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
  readonly count: number;
}

/**
 * Mean and variance of vectors that come in one after another or many at a time (Chan et al. 1979), as Gymnasium's wrappers keep them: variance
 * begins at 1 with the weight of 0.0001 vectors.
 */
export class RunningMoments {
  private mean: Float64Array;
  private variance: Float64Array;
  private count = 1e-4;

  constructor(readonly size: number) {
    this.mean = new Float64Array(size);
    this.variance = new Float64Array(size).fill(1);
  }

  /** @param vectors row-major, a multiple of `size` numbers */
  update(vectors: ArrayLike<number>): void {
    const rows = vectors.length / this.size;
    if (rows === 0) return;
    const total = this.count + rows;
    for (let i = 0; i < this.size; i++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += vectors[row * this.size + i];
      const mean = sum / rows;
      let squares = 0;
      for (let row = 0; row < rows; row++) squares += (vectors[row * this.size + i] - mean) ** 2;
      const apart = mean - this.mean[i];
      const spread = this.variance[i] * this.count + squares + (apart ** 2 * this.count * rows) / total;
      this.mean[i] += (apart * rows) / total;
      this.variance[i] = spread / total;
    }
    this.count = total;
  }

  moments(): Moments {
    return { mean: [...this.mean], variance: [...this.variance], count: this.count };
  }

  /** @throws if the moments are of vectors of another size */
  restore({ mean, variance, count }: Moments): void {
    if (mean.length !== this.size || variance.length !== this.size) {
      throw new Error(`RunningMoments.restore: moments must be of ${this.size} numbers, got ${mean.length}`);
    }
    this.mean = Float64Array.from(mean);
    this.variance = Float64Array.from(variance);
    this.count = count;
  }
}
