/**
 * `npx pnpm@12 test:create-model`: a contributor's first minutes. In a copy of the workspace as it is committed, a model is made; it passes
 * all checks and its own test, and its example and ledger entry run.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'heed-contributor-'));
const commands: readonly (readonly [string, ...string[]])[] = [
  ['git', 'clone', '--quiet', process.cwd(), folder],
  ['pnpm', 'install', '--prefer-offline', '--frozen-lockfile'],
  ['pnpm', 'create-model', 'nlp', 'first-model'],
  ['pnpm', 'check'],
  ['pnpm', 'exec', 'vitest', 'run', 'packages/nlp/src/models/first-model'],
  ['pnpm', 'demo', 'nlp/first-model', '--quick'],
  ['pnpm', 'results', 'nlp/first-model', '--quick'],
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
