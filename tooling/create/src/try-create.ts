/**
 * `npx pnpm@12 test:create`: a contributor's first minutes. In a copy of the workspace as it is committed, a domain with its first task, a dataset
 * and a model are made; they pass all checks and their own tests, and example and ledger entry run.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'heed-contributor-'));
const commands: readonly (readonly [string, ...string[]])[] = [
  ['git', 'clone', '--quiet', process.cwd(), folder],
  ['pnpm', 'install', '--prefer-offline', '--frozen-lockfile'],
  ['pnpm', 'create-domain', 'weather', 'first-task'],
  ['pnpm', 'create-dataset', 'weather', 'first-data'],
  ['pnpm', 'create-task', 'weather', 'second-task'],
  ['pnpm', 'create-model', 'weather', 'first-model'],
  ['pnpm', 'check'],
  ['pnpm', 'exec', 'vitest', 'run', 'packages/weather'],
  ['pnpm', 'demo', 'weather/first-task', '--quick'],
  ['pnpm', 'demo', 'weather/first-model', '--quick'],
  ['pnpm', 'results', 'weather/first-model', '--quick'],
];
let passed = 0;
try {
  for (const [command, ...args] of commands) {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
    console.log(`${status === 0 ? '✓' : '✗'} ${[command, ...args].join(' ').replaceAll(folder, 'copy')}`);
    if (status !== 0) {
      console.log(`${stdout}${stderr}`.split('\n').slice(-30).join('\n'));
      break;
    }
    passed++;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const failed = passed === commands.length ? 0 : 1;
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed;
