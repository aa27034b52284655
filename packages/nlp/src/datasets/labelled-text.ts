/** A text with what it is. */
export interface LabelledText {
  readonly text: string;
  readonly label: string;
}
