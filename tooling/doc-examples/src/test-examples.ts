/**
 * `npx pnpm@12 test:docs`: every example in docstrings and READMEs of packages is type-checked and run, so that what a reader copies
 * works. An example stands by itself: it imports what it uses.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { collectExamples, type DocExample } from './collect-examples.ts';

const FOLDER = '.doc-examples';
const SECONDS = 120;

interface Placed extends DocExample {
  readonly file: string;
}

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'packages'], {
  encoding: 'utf8',
});
const documents = listed
  .split('\n')
  .filter((path) => existsSync(path) && /^packages\/[^/]+\/(README\.md|src\/.*(?<!\.test)\.ts)$/.test(path));
const folders = new Set<string>();
const examples: Placed[] = documents.flatMap(collectAll);

function collectAll(path: string): Placed[] {
  const home = path.split('/').slice(0, 2).join('/');
  // The examples of a package may import what its users have: @heed/node too.
  const folder = join(existsSync(`${home}/examples/package.json`) ? `${home}/examples` : home, FOLDER);
  return collectExamples(path).map((example) => {
    folders.add(folder);
    return { ...example, file: join(folder, `${example.place.replaceAll(/[^a-z0-9]+/gi, '-')}.ts`) };
  });
}

function check(): string {
  const files = examples.map(({ file }) => file);
  writeFileSync(
    'tsconfig.doc-examples.json',
    JSON.stringify({ extends: './tsconfig.check.json', compilerOptions: { noUnusedLocals: false }, include: files }),
  );
  try {
    const { stdout } = spawnSync('node', ['node_modules/typescript-7/bin/tsc', '-p', 'tsconfig.doc-examples.json'], {
      encoding: 'utf8',
    });
    return stdout;
  } finally {
    rmSync('tsconfig.doc-examples.json');
  }
}

let failed = 0;
function report({ place }: Placed, problem: string): void {
  if (problem !== '') failed++;
  console.log(problem === '' ? `✓ ${place}` : `✗ ${place}\n${problem}`);
}

try {
  for (const { file, code } of examples) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${code}\nexport {};\n`);
  }
  const types = check();
  for (const example of examples) {
    const wrong = types.split('\n').filter((line) => line.startsWith(example.file));
    if (wrong.length > 0) {
      report(example, wrong.join('\n'));
      continue;
    }
    const runner = [
      '--conditions=@heed/source',
      '--import',
      'tsx',
      join(import.meta.dirname, 'run-module.ts'),
      example.file,
    ];
    const { status, stdout, stderr } = spawnSync('node', runner, { encoding: 'utf8', timeout: SECONDS * 1000 });
    report(example, status === 0 ? '' : `${stdout}${stderr}`.split('\n').slice(-20).join('\n'));
  }
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
console.log(`${examples.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
