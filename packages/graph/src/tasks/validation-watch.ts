/** What validation gives after an epoch: a loss, and a score of which more is better. */
export type Measures = { readonly loss: number } & Readonly<Record<string, number>>;

/**
 * Early stopping as GAT's authors have it: training goes on while the validation's loss or its score reaches a new best (ties
 * count), and the weights kept are those of the last epoch in which both did.
 */
export class ValidationWatch {
  private lowestLoss = Infinity;
  private highestScore = -Infinity;
  private epochsWithout = 0;

  /**
   * @param patience epochs in a row without a new best, after which training ends
   * @param score which of the measures is the score, e.g. `accuracy`
   */
  constructor(
    private readonly patience: number,
    private readonly score: string,
  ) {}

  /** @returns whether the weights of this epoch are the ones to keep */
  observe(measures: Measures): boolean {
    const { loss, [this.score]: score } = measures;
    const lossIsBest = loss <= this.lowestLoss;
    const scoreIsBest = score >= this.highestScore;
    this.epochsWithout = lossIsBest || scoreIsBest ? 0 : this.epochsWithout + 1;
    this.lowestLoss = Math.min(loss, this.lowestLoss);
    this.highestScore = Math.max(score, this.highestScore);
    return lossIsBest && scoreIsBest;
  }

  get exhausted(): boolean {
    return this.epochsWithout >= this.patience;
  }
}
