/**
 * `npx pnpm@12 release` publishes every package whose version is not on the registry yet, and tags it. Versions are made before, by
 * `changeset version`. `--dry-run` shows what the waiting changesets would release, builds and packs everything, and changes nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';

interface ReleasePlan {
  readonly releases: readonly {
    readonly name: string;
    readonly type: string;
    readonly oldVersion: string;
    readonly newVersion: string;
  }[];
}

const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw error ?? new Error(`release: ${command} ${args.join(' ')} ended with exit code ${status}`);
}

function printPlan(): void {
  const folder = mkdtempSync(join(tmpdir(), 'heed-release-'));
  try {
    const file = join(folder, 'plan.json');
    run('changeset', ['status', `--output=${relative(process.cwd(), file)}`]);
    const { releases } = JSON.parse(readFileSync(file, 'utf8')) as ReleasePlan;
    const planned = releases.filter(({ type }) => type !== 'none');
    for (const { name, type, oldVersion, newVersion } of planned)
      console.log(`${name}: ${oldVersion} → ${newVersion} (${type})`);
    if (planned.length === 0) console.log('No changeset is waiting.');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (values['dry-run']) printPlan();
run('pnpm', ['run', 'clean']); // what sources have left behind must not be published
run('pnpm', ['run', 'build']);
run('pnpm', [
  '--recursive',
  '--filter',
  './packages/*',
  'publish',
  ...(values['dry-run'] ? ['--dry-run', '--no-git-checks'] : []),
]);
if (!values['dry-run']) run('changeset', ['tag']);
