import { join } from 'node:path';
import {
  findModules,
  loadDefault,
  searchPlace,
  stateFolder,
  type FoundModule,
  type SearchPlace,
} from '../examples/find-modules.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import { changedFiles, checkCommits, headOf } from '../ledger/commits.ts';
import { isResultEntry, type Measured, type ResultEntry } from '../ledger/define-result.ts';
import { formatFigures, makeRecord, requireFigures, writeRecord, type ResultRecord } from '../ledger/record.ts';
import { isResultsPageCurrent, readRecords, renderResultsPage } from '../ledger/results-page.ts';
import { RunState } from '../ledger/run-state.ts';
import { formatDuration } from '../progress/duration.ts';
import { choose, takeFlags } from './arguments.ts';
import { untilInterrupted } from './interrupt.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage-error.ts';

/** `heed results <package>/<name> [--quick]`, `--list`, `--check`, or nothing: rewrite RESULTS.md. Returns the exit code. */
export async function results(
  args: readonly string[],
  output: Output,
  place: SearchPlace = searchPlace(),
): Promise<number> {
  const { flags, rest } = takeFlags(args, ['list', 'quick', 'check']);
  const [name, ...others] = rest;
  if (others.length > 0 || name?.startsWith('-') === true) {
    throw new UsageError(
      `heed results: one entry and --list, --quick or --check are understood, got ${rest.join(' ')}`,
    );
  }
  const found = await findModules(place, 'results');
  if (flags.has('list')) {
    output.print(await list(found));
    return 0;
  }
  if (flags.has('check')) return check(output, place);
  if (name === undefined) return rewrite(output, place);
  const module = choose(name, found, 'results', 'entry');
  return measure(module, await load(module), flags.has('quick'), output, place);
}

async function measure(
  { name, file }: FoundModule,
  entry: ResultEntry,
  quick: boolean,
  output: Output,
  place: SearchPlace,
): Promise<number> {
  const commit = quick || place.clone === undefined ? undefined : await cleanCommit(name, place.clone);
  return untilInterrupted(name, output.say, async (signal) => {
    // Lists and help come without tfjs, which takes a while to load.
    const { startBackend } = await import('../backend/start-backend.ts');
    const backend = await startBackend({ onMessage: output.say });
    const folder = stateFolder(place, ...(quick ? ['quick', 'results'] : ['results']), ...name.split('/'));
    const state = await RunState.open(folder, entry, backend.name);
    if (state.resumed) output.say(`heed: ${name} goes on after ${formatDuration(state.minutes * 60)}`);
    let complete = quick;
    try {
      const measured = await entry.run({
        signal,
        quick,
        seed: entry.seed,
        backend,
        folder,
        part: (part, measurePart) => state.part(part, measurePart),
        print: output.print,
      });
      if (signal.aborted) return 130;
      if (measured === undefined)
        throw new Error(`heed results ${name}: run must return what it measured, got undefined`);
      requireFigures(name, entry, measured);
      show(entry, measured, output);
      if (!quick) {
        if (place.clone !== undefined && (await cleanCommit(name, place.clone)) !== commit) {
          throw new Error(
            `heed results ${name}: the commit must be one from beginning to end, got another than ${commit}`,
          );
        }
        const { describeMachine, describeVersions } = await import('../ledger/machine.ts');
        const record = makeRecord(entry, measured, {
          command: `npx pnpm@12 results ${name}`,
          minutes: state.minutes,
          backend: `${backend.name} (${backend.detail})`,
          machine: describeMachine(),
          versions: await describeVersions(place.clone),
        });
        await keep(record, recordPath(name, file, place), output, place);
      }
      complete = true;
      const took = formatDuration(state.minutes * 60);
      output.say(`heed: ${name} done after ${took}${quick ? '; the short form records nothing' : ''}`);
      return 0;
    } finally {
      await state.close(complete);
    }
  });
}

/** The commit that a record names. @throws where files differ from it, but for those that runs write */
async function cleanCommit(name: string, clone: string): Promise<string | undefined> {
  const changed = await changedFiles(clone);
  if (changed.length > 0) {
    const shown = changed.slice(0, 5).join(', ') + (changed.length > 5 ? ` and ${changed.length - 5} more` : '');
    throw new UsageError(
      `heed results ${name}: what is recorded must be measured at a commit, got changes in ${shown}; --quick records nothing`,
    );
  }
  return headOf(clone);
}

function show(entry: ResultEntry, { ours, baseline }: Measured, { print }: Output): void {
  print(`${entry.task}: ${formatFigures(entry.figures, ours)}`);
  if (baseline !== undefined) print(`${entry.baseline ?? 'baseline'}: ${formatFigures(entry.figures, baseline)}`);
}

async function keep(record: ResultRecord, path: string, output: Output, place: SearchPlace): Promise<void> {
  await writeRecord(path, record);
  output.say(`heed: recorded in ${path}`);
  if (place.clone !== undefined) await rewrite(output, place);
}

/** Beside the entry in a clone; what was installed is not written to. */
function recordPath(name: string, file: string, place: SearchPlace): string {
  return place.clone === undefined ? stateFolder(place, 'results', `${name}.json`) : file.replace(/\.ts$/, '.json');
}

async function rewrite(output: Output, { clone }: SearchPlace): Promise<number> {
  if (clone === undefined)
    throw new UsageError('heed results: name an entry; RESULTS.md is kept in a clone of Heed only');
  if (await isResultsPageCurrent(clone)) {
    output.say('heed: RESULTS.md is current');
  } else {
    await writeAtomically(join(clone, 'RESULTS.md'), await renderResultsPage(clone), 'heed results');
    output.say('heed: RESULTS.md rewritten');
  }
  return 0;
}

async function check(output: Output, { clone }: SearchPlace): Promise<number> {
  if (clone === undefined) throw new UsageError('heed results: --check is for a clone of Heed');
  const current = await isResultsPageCurrent(clone);
  output.say(
    current ? 'heed: RESULTS.md is current' : 'heed: RESULTS.md is not what the records say; run: npx pnpm@12 results',
  );
  const { problems, warnings } = await checkCommits(clone, await readRecords(clone));
  for (const warning of warnings) output.say(`heed: warning: ${warning}`);
  for (const problem of problems) output.say(`heed: ${problem}`);
  return current && problems.length === 0 ? 0 : 1;
}

async function list(found: readonly FoundModule[]): Promise<string> {
  if (found.length === 0) return 'No ledger entries are here.';
  const rows = await Promise.all(
    found.map(async (module) => {
      const { minutes, task } = await load(module);
      return [module.name, `${minutes} min`, task];
    }),
  );
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map(([name, time, task]) => `${name.padEnd(widths[0])}  ${time.padStart(widths[1])}  ${task}`).join('\n');
}

async function load(module: FoundModule): Promise<ResultEntry> {
  const entry = await loadDefault(module);
  if (isResultEntry(entry)) return entry;
  throw new Error(`heed results ${module.name}: the default export must be made by defineResult, got ${typeof entry}`);
}
