/**
 * `npx pnpm@12 test:hostile [reader …]`: hands every reader of foreign bytes what once did harm, and what fast-check thinks of. Each input
 * must be read or refused by name, in limited time and memory, and change nothing that JavaScript owns.
 */
import type { Task } from './attack.ts';
import { ATTACKS } from './attacks/attacks.ts';
import { WorkerProcess } from './worker-process.ts';

const WORKERS = 2;
const wanted = process.argv.slice(2);
const attacks = ATTACKS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const tasks: Task[] = attacks.flatMap((attack) =>
  Array.from({ length: attack.inputs }, (_, index) => ({ attack: attack.name, index })),
);
const attackOf = ({ attack }: Task) => ATTACKS.find(({ name }) => name === attack)!;
const describe = (task: Task) => attackOf(task).describe(task.index);
const fell = new Map<string, number>();
const tried = tasks.length;

async function work(): Promise<void> {
  const worker = new WorkerProcess();
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
    const { problem } = await worker.attempt(task, attackOf(task).seconds);
    if (problem === undefined) continue;
    fell.set(task.attack, (fell.get(task.attack) ?? 0) + 1);
    console.log(`✗ ${describe(task)}\n  ${problem}`);
  }
  worker.close();
}

await Promise.all(Array.from({ length: WORKERS }, work));
for (const attack of attacks) {
  const count = attack.inputs;
  console.log(`${attack.name}: ${count} tried, ${count - (fell.get(attack.name) ?? 0)} held`);
}
const failed = [...fell.values()].reduce((sum, count) => sum + count, 0);
console.log(`${tried - failed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed === 0 ? 0 : 1;
