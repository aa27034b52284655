/** A question about a text, and where the text answers it. */
export interface AnsweredQuestion {
  readonly question: string;
  /** The text that the answer stands in. */
  readonly context: string;
  /** Answers that are right, as SQuAD has them: the text, and the character of the context at which it begins. None where the context has none. */
  readonly answers: readonly { readonly text: string; readonly start: number }[];
}
