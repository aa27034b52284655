/** Tries one input after another in a process of its own, so that an abort or a hang ends nothing else. */
import type { Outcome, Task } from './attack.ts';
import { ATTACKS } from './attacks/attacks.ts';

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
  try {
    await attack.attempt(index);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const named = error instanceof Error && /^[A-Za-z][\w.]*: /.test(message);
    if (!named && !/MIME nesting depth/.test(message))
      return { problem: `an error that names no rule: ${message.slice(0, 200)}` };
  }
  return changed() ? { problem: 'what JavaScript owns was changed' } : {};
}

process.on('message', async (task: Task) => process.send!(await survive(task)));
process.send!({} satisfies Outcome);
