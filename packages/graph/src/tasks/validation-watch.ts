/** What validation gives after an epoch. */
export interface Validation {
  readonly loss: number;
  readonly accuracy: number;
}

/**
 * Early stopping as GAT's authors have it: training goes on while the validation's loss or its accuracy reaches a new best (ties
 * count), and the weights kept are those of the last epoch in which both did.
 */
export class ValidationWatch {
  private lowestLoss = Infinity;
  private highestAccuracy = -Infinity;
  private epochsWithout = 0;

  /** @param patience epochs in a row without a new best, after which training ends */
  constructor(private readonly patience: number) {}

  /** @returns whether the weights of this epoch are the ones to keep */
  observe({ loss, accuracy }: Validation): boolean {
    const lossIsBest = loss <= this.lowestLoss;
    const accuracyIsBest = accuracy >= this.highestAccuracy;
    this.epochsWithout = lossIsBest || accuracyIsBest ? 0 : this.epochsWithout + 1;
    this.lowestLoss = Math.min(loss, this.lowestLoss);
    this.highestAccuracy = Math.max(accuracy, this.highestAccuracy);
    return lossIsBest && accuracyIsBest;
  }

  get exhausted(): boolean {
    return this.epochsWithout >= this.patience;
  }
}
