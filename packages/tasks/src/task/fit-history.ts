/** How a training went. */
export interface FitHistory {
  /** Why it ended: all updates were done, the signal aborted, or the validation stopped improving. */
  readonly reason: 'finished' | 'aborted' | 'stopped-early';
  /** Number of updates, those before a resume included. */
  readonly steps: number;
  /** The loss of every update, those before a resume included. */
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  /** What was measured on the validation data, and after how many updates. */
  readonly evaluations: readonly Evaluation[];
  /** The evaluation that was the best. */
  readonly best?: Evaluation;
  /** Duration of this call, in seconds. */
  readonly seconds: number;
}

export interface Evaluation {
  readonly step: number;
  /** Counted from 0. */
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
}
