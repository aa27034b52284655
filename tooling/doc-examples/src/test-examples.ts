/**
 * `npx pnpm@12 test:docs`: every example in docstrings and READMEs of packages and apps is type-checked and run, so that what a reader copies
 * works. An example stands by itself: it imports what it uses. `test:docs <part of a path>` tries some only.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { collectExamples, type DocExample } from './collect-examples.ts';

const FOLDER = '.doc-examples';
/** READMEs and sources, and the pages of the site but for those that are made from the sources. */
const DOCUMENT = /^(packages|apps)\/[^/]+\/(README\.md|src\/.*(?<!\.test)\.ts|pages\/(?!api\/).*\.md)$/;
/** Where a document says what an example prints, it prints that on each of these. */
const BACKENDS = ['wasm', 'tensorflow'];
const SECONDS = 300;
const PARALLEL = 2;

interface Placed extends DocExample {
  readonly file: string;
}

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'packages', 'apps'], {
  encoding: 'utf8',
});
const documents = listed.split('\n').filter((path) => existsSync(path) && DOCUMENT.test(path));
const folders = new Set<string>();
const [only] = process.argv.slice(2);
const examples: Placed[] = documents.filter((path) => only === undefined || path.includes(only)).flatMap(collectAll);

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

/** What is wrong with an example, or nothing. */
async function tryExample({ file, output }: Placed): Promise<string> {
  if (output === undefined) return (await run(file)).problem;
  for (const backend of BACKENDS) {
    const { problem, printed } = await run(file, backend);
    if (problem !== '') return `${backend}: ${problem}`;
    if (printed !== output) return `${backend} printed\n${printed}\nand the document says\n${output}`;
  }
  return '';
}

/** What went wrong, or nothing, and what was printed. What the example writes goes where it stands itself. */
function run(file: string, backend?: string): Promise<{ problem: string; printed: string }> {
  const runModule = join(import.meta.dirname, 'run-module.ts');
  const given = backend === undefined ? [] : [backend];
  const runner = ['--conditions=@heed/source', '--import', 'tsx', runModule, resolve(file), ...given];
  return new Promise((done) => {
    const options = { cwd: dirname(file), timeout: SECONDS * 1000 };
    execFile('node', runner, options, (error, stdout, stderr) => {
      const problem = error === null ? '' : `${stdout}${stderr}`.split('\n').slice(-20).join('\n') || error.message;
      done({ problem, printed: stdout.trimEnd() });
    });
  });
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
  const types = check().split('\n');
  const queue = [...examples];
  const worker = async () => {
    for (let example = queue.shift(); example !== undefined; example = queue.shift()) {
      const { file } = example;
      const wrong = types.filter((line) => line.startsWith(file));
      report(example, wrong.length > 0 ? wrong.join('\n') : await tryExample(example));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
console.log(`${examples.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
