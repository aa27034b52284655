import { sample, type Arbitrary } from 'fast-check';

/** Inputs that one reader of foreign bytes must survive: by reading them, or by an error that names the function which refused. */
interface Definition<Input> {
  readonly name: string;
  /** Inputs that once did harm, and their kind, by what they are. */
  readonly cases: Readonly<Record<string, () => Input>>;
  /** Inputs that nobody has thought of. */
  readonly drawn: Arbitrary<Input>;
  /** How many are drawn. */
  readonly draws: number;
  /** How long an input may take. Default 10. */
  readonly seconds?: number;
  readonly run: (input: Input) => Promise<unknown>;
}

export interface Attack {
  readonly name: string;
  readonly inputs: number;
  readonly seconds: number;
  /** What an input is called in a report. */
  readonly describe: (index: number) => string;
  readonly attempt: (index: number) => Promise<unknown>;
}

/** What a worker is asked to do: the n-th input of an attack. */
export interface Task {
  readonly attack: string;
  readonly index: number;
}

/** Whether the input was survived, or how it was not. */
export interface Outcome {
  readonly problem?: string;
}

const SEED = 19;

/** Numbers an attack's inputs: its cases, then those that are drawn, the same ones in every process. */
export function defineAttack<Input>({ name, cases, drawn, draws, seconds = 10, run }: Definition<Input>): Attack {
  const known = Object.entries(cases);
  let inputs: readonly Input[] | undefined;
  const draw = (index: number): Input => {
    inputs ??= sample(drawn, { seed: SEED, numRuns: draws });
    return inputs[index];
  };
  return {
    name,
    inputs: known.length + draws,
    seconds,
    describe: (index) => `${name}: ${known[index]?.[0] ?? `draw ${index - known.length} of seed ${SEED}`}`,
    attempt: async (index) => run(index < known.length ? known[index][1]() : draw(index - known.length)),
  };
}
