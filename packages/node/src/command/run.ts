import { isExample, type Example } from '../examples/define-example.ts';
import { describeExample } from '../examples/describe-example.ts';
import {
  findModules,
  loadDefault,
  searchPlace,
  stateFolder,
  type FoundModule,
  type SearchPlace,
} from '../examples/find-modules.ts';
import { describeOptions, parseOptions } from '../examples/options.ts';
import { formatDuration } from '../progress/duration.ts';
import { choose, takeFlags } from './arguments.ts';
import { untilInterrupted } from './interrupt.ts';
import type { Output } from './output.ts';

export const defaultExample = 'nlp/letter-to-sound';

/** `heed run [<package>/<example>] [--list] [--quick] [the example's own options]`; returns the exit code. */
export async function run(
  args: readonly string[],
  output: Output,
  place: SearchPlace = searchPlace(),
): Promise<number> {
  const { flags, rest } = takeFlags(args, ['list', 'quick', 'help']);
  const given = rest[0]?.startsWith('-') === false ? rest[0] : undefined;
  const found = await findModules(place, '');
  if (flags.has('list')) {
    output.print(await list(found));
    return 0;
  }
  const module = choose(given ?? defaultExample, found, 'run', 'example');
  const example = await loadExample(module);
  if (flags.has('help')) {
    output.print(`heed run ${module.name}: ${example.summary}\n${describeOptions(example.options)}`);
    return 0;
  }
  const options = parseOptions(example.options, given === undefined ? rest : rest.slice(1), `heed run ${module.name}`);
  return runExample(module.name, example, options, flags.has('quick'), output, place);
}

async function runExample(
  name: string,
  example: Example,
  options: Record<string, unknown>,
  quick: boolean,
  output: Output,
  place: SearchPlace,
): Promise<number> {
  const begun = performance.now();
  return untilInterrupted(name, output.say, async (signal) => {
    // Lists and help come without tfjs, which takes a while to load.
    const { startBackend } = await import('../backend/start-backend.ts');
    const backend = await startBackend({ onMessage: output.say });
    const folder = stateFolder(place, quick ? 'quick' : 'runs', ...name.split('/'));
    await example.run({ options, signal, quick, backend, folder, print: output.print });
    if (!signal.aborted) {
      output.say(`heed: ${name} done after ${formatDuration((performance.now() - begun) / 1000)} on ${backend.name}`);
    }
    return 0;
  });
}

async function list(found: readonly FoundModule[]): Promise<string> {
  if (found.length === 0) return 'No examples are here. Install a package that has some: npm install @heed/nlp';
  const rows = await Promise.all(
    found.map(async (module) => {
      const told = await describeExample(module);
      return told === undefined ? [module.name, '', ''] : [module.name, `${told.minutes} min`, told.summary];
    }),
  );
  const header = ['example', 'tensorflow / wasm', 'what it does'];
  const widths = [0, 1].map((column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  return [header, ...rows]
    .map(([name, time, what]) => `${name.padEnd(widths[0])}  ${time.padEnd(widths[1])}  ${what}`)
    .join('\n');
}

/** @throws if the module exports no example */
export async function loadExample(module: FoundModule): Promise<Example> {
  const example = await loadDefault(module);
  if (isExample(example)) return example;
  throw new Error(`heed: ${module.name}: the default export must be made by defineExample, got ${typeof example}`);
}
