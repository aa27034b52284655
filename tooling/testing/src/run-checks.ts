/**
 * `npx pnpm@12 check`: every check that needs no test runner, two at a time, one line each. What a failing check printed is
 * shown below its line.
 */
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const PARALLEL = 2;

interface Check {
  readonly name: string;
  readonly command: string;
}

/** Comes before all others: it builds what the public API is read from. */
const BUILD: Check = { name: 'types of packages (TypeScript 6)', command: 'tsc -b packages/*' };

const CHECKS: readonly Check[] = [
  { name: 'public API', command: 'node --import tsx tooling/api-reports/src/api-reports.ts --check' },
  { name: 'types of tests, examples and tooling', command: 'tsc -p tsconfig.check.json' },
  {
    name: 'types of everything (TypeScript 7)',
    command: 'node node_modules/typescript-7/bin/tsc -p tsconfig.check.json',
  },
  { name: 'format', command: 'prettier --check --log-level warn .' },
  { name: 'lint', command: 'oxlint --deny-warnings' },
  { name: 'boundaries between packages', command: 'turbo boundaries' },
  {
    name: 'import rules inside packages',
    command: 'depcruise --config .dependency-cruiser.cjs $(ls -d packages apps tooling 2>/dev/null)',
  },
  { name: 'unused files, exports and dependencies', command: 'knip' },
  { name: 'structure', command: 'node --import tsx tooling/check-structure/src/check-structure.ts' },
  { name: 'workspace manifests', command: 'manypkg check' },
];

export interface CheckCounts {
  readonly passed: number;
  readonly failed: number;
}

export async function runChecks(): Promise<CheckCounts> {
  const queue = [...CHECKS];
  let failed = 0;
  const hold = async ({ name, command }: Check) => {
    const started = performance.now();
    const { code, output } = await run(command);
    if (code !== 0) failed++;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)${code === 0 ? '' : `\n${output}\nfailed: ${name}`}`);
  };
  const worker = async () => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) await hold(check);
  };
  await hold(BUILD);
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return { passed: CHECKS.length + 1 - failed, failed };
}

function run(command: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' } });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output += data.toString()));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { passed, failed } = await runChecks();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
