/** What one look at the machine found. */
export interface Check {
  readonly name: string;
  /** `ok`; `absent`: works without, with less; `broken`: does not work as it is set up. */
  readonly state: 'ok' | 'absent' | 'broken';
  readonly detail: string;
  /** The one command or change that mends it. */
  readonly mend?: string;
}
