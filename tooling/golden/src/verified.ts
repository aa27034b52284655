/** One statement, whether it held, and the figure that says so. */
export interface Verified {
  readonly claim: string;
  readonly holds: boolean;
  readonly figure: string;
}
