/** Tries one input after another in a process of its own, so that an abort or a hang ends nothing else. */
import fc from 'fast-check';
import { SEED, type Attack, type Outcome, type Task } from './attack.ts';
import { ATTACKS } from './attacks/attacks.ts';

const drawn = new Map<string, readonly never[]>();

function inputOf(attack: Attack, index: number): never {
  const cases = Object.values(attack.cases);
  if (index < cases.length) return cases[index]();
  let inputs = drawn.get(attack.name);
  if (inputs === undefined)
    drawn.set(attack.name, (inputs = fc.sample(attack.drawn, { seed: SEED, numRuns: attack.draws })));
  return inputs[index - cases.length];
}

/** What JavaScript owns and no input may change. */
const OWNED = [Object, Object.prototype, Array, Array.prototype, Map, Map.prototype, Function.prototype, Promise, JSON];
const snapshot = () =>
  OWNED.map((object) => Reflect.ownKeys(object).map((key) => Reflect.getOwnPropertyDescriptor(object, key)));
const original = snapshot();

function changed(): boolean {
  const now = snapshot();
  return original.some((properties, i) => {
    if (properties.length !== now[i].length) return true;
    return properties.some((property, j) => property?.value !== now[i][j]?.value || property?.get !== now[i][j]?.get);
  });
}

async function survive({ attack: name, index }: Task): Promise<Outcome> {
  const attack = ATTACKS.find((candidate) => candidate.name === name)!;
  const input = inputOf(attack, index);
  try {
    await attack.run(input);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const named = error instanceof Error && /^[A-Za-z]+: /.test(message);
    if (!named && !/MIME nesting depth/.test(message))
      return { problem: `an error that names no rule: ${message.slice(0, 200)}` };
  }
  return changed() ? { problem: 'what JavaScript owns was changed' } : {};
}

process.on('message', async (task: Task) => process.send!(await survive(task)));
process.send!({} satisfies Outcome);
