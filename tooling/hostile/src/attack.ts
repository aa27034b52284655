import type { Arbitrary } from 'fast-check';

/** Inputs that one reader of foreign bytes must survive: by reading them, or by an error that names the function which refused. */
export interface Attack<Input = never> {
  readonly name: string;
  /** Inputs that once did harm, and their kind, by what they are. */
  readonly cases: Readonly<Record<string, () => Input>>;
  /** Inputs that nobody has thought of. */
  readonly drawn: Arbitrary<Input>;
  /** How many are drawn. */
  readonly draws: number;
  readonly run: (input: Input) => Promise<unknown>;
}

/** What a worker is asked to do: the n-th input of an attack, its cases first. */
export interface Task {
  readonly attack: string;
  readonly index: number;
}

/** Whether the input was survived, or how it was not. */
export interface Outcome {
  readonly problem?: string;
}

export const SEED = 19;

export function inputCount({ cases, draws }: Attack): number {
  return Object.keys(cases).length + draws;
}

/** What an input is called in a report. */
export function inputName({ name, cases }: Attack, index: number): string {
  const known = Object.keys(cases);
  return `${name}: ${known[index] ?? `draw ${index - known.length} of seed ${SEED}`}`;
}
