import { checkBackends, checkTfjs } from '../doctor/backend-checks.ts';
import type { Check } from '../doctor/check.ts';
import { checkMachine } from '../doctor/machine-checks.ts';
import { heedVersions } from '../doctor/versions.ts';
import { searchPlace, type SearchPlace } from '../examples/find-modules.ts';
import { describeMachine } from '../ledger/machine.ts';
import type { Output } from './output.ts';

const MARKS = { ok: '✓', absent: '–', broken: '✗' } as const;

/** `heed doctor`: what loads, what does not, and what mends it. The exit code is 1 where something is broken. */
export async function doctor(output: Output, place: SearchPlace = searchPlace()): Promise<number> {
  const { cpu, cores, memoryGb, platform } = describeMachine();
  output.print(`  Node ${process.versions.node} on ${platform}, ${cores} cores of ${cpu}, ${memoryGb} GB`);
  const packages = await heedVersions(place);
  if (packages.length > 0) output.print(`  ${packages.join(', ')}`);

  const checks = [checkTfjs(place.clone ?? place.from), ...(await checkBackends()), ...(await checkMachine())];
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, state, detail } of checks) output.print(`${MARKS[state]} ${name.padEnd(width)}  ${detail}`);
  output.print(advice(checks));
  return checks.some(({ state }) => state === 'broken') ? 1 : 0;
}

/** The one thing to do next: what is broken before what is merely not there, and causes before what follows from them. */
function advice(checks: readonly Check[]): string {
  const broken = checks.find(({ state, mend }) => state === 'broken' && mend !== undefined);
  if (broken !== undefined) return `\nTo mend ${broken.name}: ${broken.mend}`;
  const tensorflow = checks.find(({ name }) => name === 'backend tensorflow');
  if (tensorflow?.mend === undefined) return '\nEverything that Heed needs is there.';
  const tools = checks.find(({ name, state }) => /^(Python|C\+\+)/.test(name) && state === 'absent');
  const first = tools?.mend === undefined ? '' : `${tools.mend}, then `;
  return `\nEverything runs; faster with native TensorFlow: ${first}${tensorflow.mend}`;
}
