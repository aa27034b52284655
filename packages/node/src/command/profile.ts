import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findModules, searchPlace, stateFolder, type SearchPlace } from '../examples/find-modules.ts';
import { describeOptions, parseOptions } from '../examples/options.ts';
import { choose, takeFlags } from './arguments.ts';
import { untilInterrupted } from './interrupt.ts';
import type { Output } from './output.ts';
import { defaultExample, loadExample } from './run.ts';

/**
 * `heed profile [<package>/<example>] [--full] [--json] [the example's own options]`: runs an example from its beginning and shows where
 * its training steps go. Returns the exit code.
 */
export async function profile(
  args: readonly string[],
  output: Output,
  place: SearchPlace = searchPlace(),
): Promise<number> {
  const { flags, rest } = takeFlags(args, ['full', 'json', 'help']);
  const given = rest[0]?.startsWith('-') === false ? rest[0] : undefined;
  const module = choose(given ?? defaultExample, await findModules(place, ''), 'profile', 'example');
  const example = await loadExample(module);
  if (flags.has('help')) {
    output.print(`heed profile ${module.name}: ${example.summary}\n${describeOptions(example.options)}`);
    return 0;
  }
  const command = `heed profile ${module.name}`;
  const options = parseOptions(example.options, given === undefined ? rest : rest.slice(1), command);
  return untilInterrupted(module.name, output.say, async (signal) => {
    // Help comes without tfjs, which takes a while to load.
    const { startBackend } = await import('../backend/start-backend.ts');
    const { profileSteps } = await import('../profile/profile-steps.ts');
    const { profileText, profileSections } = await import('../profile/profile-tables.ts');
    const backend = await startBackend({ onMessage: output.say });
    const home = stateFolder(place, 'profile', ...module.name.split('/'));
    const folder = join(home, 'run');
    await rm(folder, { recursive: true, force: true }); // what was trained before would not be trained again
    const quick = !flags.has('full');
    const profiles = await profileSteps(backend, () =>
      example.run({ options, signal, quick, backend, folder, print: output.say }),
    );
    if (signal.aborted) return 130;
    if (profiles.length === 0) {
      throw new Error(`${command}: the example must train for at least two steps, got no such training`);
    }
    const resident = process.resourceUsage().maxRSS * 1024;
    const title = (i: number) => (profiles.length === 1 ? 'Training' : `Training ${i + 1}`);
    const { writeReport } = await import('../report/write-report.ts');
    const report = await writeReport(join(home, 'report.html'), {
      title: `Where a step of ${module.name} goes`,
      summary:
        `${example.summary} ${quick ? 'Short form' : 'Full form'}, ${backend.name} (${backend.detail}). ` +
        `Resident memory of the process: ${Math.round(resident / 1e6)} MB at most.`,
      sections: profiles.flatMap((steps, i) => profileSections(steps, title(i))),
    });
    if (flags.has('json')) {
      const machine = { name: backend.name, detail: backend.detail };
      output.print(
        JSON.stringify({
          example: module.name,
          quick,
          backend: machine,
          trainings: profiles,
          residentBytes: resident,
          report,
        }),
      );
      return 0;
    }
    output.print(profiles.map((steps, i) => profileText(steps, title(i))).join('\n\n'));
    output.print(`Resident memory of the process: ${Math.round(resident / 1e6)} MB at most.\n\nReport: ${report}`);
    return 0;
  });
}
