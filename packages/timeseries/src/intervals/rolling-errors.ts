/** The newest absolute errors of one target and step, in order of time and of size. They are float32, as they are saved. */
export class RollingErrors {
  private readonly ring: Float32Array;
  private readonly sorted: Float32Array;
  private next = 0;
  private held = 0;

  constructor(readonly most: number) {
    this.ring = new Float32Array(most);
    this.sorted = new Float32Array(most);
  }

  get count(): number {
    return this.held;
  }

  /** Takes in an error; the oldest goes where there is no room. */
  add(error: number): void {
    const value = Math.fround(error);
    if (this.held === this.ring.length) {
      const place = this.placeOf(this.ring[this.next]);
      this.sorted.copyWithin(place, place + 1, this.held);
      this.held--;
    }
    const place = this.placeOf(value);
    this.sorted.copyWithin(place + 1, place, this.held);
    this.sorted[place] = value;
    this.ring[this.next] = value;
    this.next = (this.next + 1) % this.ring.length;
    this.held++;
  }

  /** The error of a rank, counted from 1: the smallest. */
  ofRank(rank: number): number | undefined {
    return rank >= 1 && rank <= this.held ? this.sorted[rank - 1] : undefined;
  }

  /** Oldest first. */
  inTime(): Float32Array {
    const full = this.held === this.ring.length;
    return full
      ? Float32Array.from([...this.ring.subarray(this.next), ...this.ring.subarray(0, this.next)])
      : this.ring.slice(0, this.held);
  }

  /** Where a value stands in order of size, before its equals. */
  private placeOf(value: number): number {
    let low = 0;
    let high = this.held;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
