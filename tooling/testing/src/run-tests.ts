/**
 * `npx pnpm@12 test`: all checks, then all tests on the best backend that loads, and one closing line over both.
 * `--tests-only` leaves out the checks; other arguments go to vitest.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { runChecks } from './run-checks.ts';

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

async function runVitest(filters: readonly string[]): Promise<VitestReport & { readonly code: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'heed-test-'));
  const file = join(folder, 'report.json');
  const code = await new Promise<number>((resolve) => {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const child = spawn('vitest', ['run', ...reporters, ...filters], { stdio: 'inherit' });
    child.on('error', () => resolve(1));
    child.on('close', (status) => resolve(status ?? 1));
  });
  try {
    return { ...(JSON.parse(readFileSync(file, 'utf8')) as VitestReport), code };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One line for each failed test, and for each file that did not load. */
function failures(report: VitestReport): string[] {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const failedTests = assertionResults.filter((test) => test.status === 'failed');
    if (failedTests.length === 0) return status === 'failed' ? [`${file}: ${firstLine(message)}`] : [];
    return failedTests.map((test) => `${file} > ${test.fullName}: ${firstLine(test.failureMessages[0] ?? '')}`);
  });
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!.slice(0, 300);

const { values, positionals } = parseArgs({ options: { 'tests-only': { type: 'boolean' } }, allowPositionals: true });
const checks = values['tests-only'] === true ? { passed: 0, failed: 0 } : await runChecks();
const tests = await runVitest(positionals);
// A file that fails to load has no failed test of its own; it counts as one.
const failed = checks.failed + Math.max(tests.numFailedTests, tests.code === 0 ? 0 : 1);
for (const failure of failures(tests)) console.log(`failed: ${failure}`);
const skipped = tests.numPendingTests + tests.numTodoTests;
console.log(`${checks.passed + tests.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
