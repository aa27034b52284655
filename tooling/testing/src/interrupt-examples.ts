/**
 * `npx pnpm@12 test:examples [<package>/<example> …]`: runs the short form of every example, then again with a Ctrl-C in its training, then goes
 * on from there. The resumed run must end with the weights of the uninterrupted one, in every file that it saves: the same bytes, or apart by the last
 * bits. The first step of a process runs op by op while it is recorded, and some ops then round otherwise than in the recorded function.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

const COMMAND = ['--conditions=@heed/source', '--import', 'tsx', 'packages/node/src/heed.ts', 'run'];

/** Examples that train for a moment only, and keep nothing: what they measure or show is made anew by each run. */
const NOTHING_TO_KEEP = new Map([
  ['attention-core/nadaraya-watson', 'it learns in a second, from 50 points'],
  ['graph/large-graph', 'it measures how long steps take'],
  ['rl/pictures', 'it draws episodes, and trains nothing'],
  ['nlp/sentence-similarity', 'it uses published weights as they are'],
]);

/** A checkpoint's folder: the step, and a number where it was saved more than once. */
const STEP = /step-(\d+)(?:-(\d+))?/;

function byStep(one: string, other: string): number {
  const [a, b] = [one, other].map(
    (file) =>
      STEP.exec(file)
        ?.slice(1)
        .map((number) => Number(number ?? 1)) ?? [0, 0],
  );
  return a[0] - b[0] || a[1] - b[1] || (one < other ? -1 : 1);
}

interface Run {
  readonly code: number;
  readonly output: string;
}

/** @param interruptAt the first output that it matches is answered by a Ctrl-C */
function heed(args: readonly string[], interruptAt?: RegExp): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let interrupted = false;
    const read = (data: Buffer) => {
      output += data.toString();
      if (interruptAt === undefined || interrupted || !interruptAt.test(output)) return;
      interrupted = true;
      child.kill('SIGINT');
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** How far weights may lie apart, of the largest of their tensor: about eight of float32's last bits. */
const ROUNDING = 1e-6;

/**
 * The bytes of all weights below a folder, by relative path; of a row of checkpoints those of the last. Which others are kept depends on where a run
 * was interrupted.
 */
function weightFiles(folder: string): Map<string, Buffer> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name.endsWith('.safetensors'),
  );
  const weights = new Map<string, Buffer>();
  for (const file of files.map(({ parentPath, name }) => join(parentPath, name)).sort(byStep)) {
    // a later step takes an earlier one's place
    weights.set(relative(folder, file).replace(STEP, 'last step'), readFileSync(file));
  }
  return weights;
}

/** Whether two safetensors files hold the same tensors, apart from rounding. */
function areEqual(one: Buffer, other: Buffer | undefined): boolean {
  if (other === undefined || one.length !== other.length) return false;
  if (one.equals(other)) return true;
  const header = 8 + Number(one.readBigUInt64LE(0));
  if (!one.subarray(0, header).equals(other.subarray(0, header))) return false;
  const { __metadata__: _, ...tensors } = JSON.parse(one.toString('utf8', 8, header)) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  return Object.values(tensors).every(({ dtype, data_offsets: [begin, end] }) => {
    const [a, b] = [one, other].map((file) => file.subarray(header + begin, header + end));
    if (dtype !== 'F32') return a.equals(b);
    const [x, y] = [a, b].map((bytes) => new Float32Array(Uint8Array.from(bytes).buffer));
    const most = x.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    return x.every((value, i) => Math.abs(value - y[i]) <= ROUNDING * most);
  });
}

/** What is wrong with an example, or nothing. */
async function tryExample(name: string): Promise<string | undefined> {
  const folder = join('.heed', 'quick', ...name.split('/'));
  const begin = () => rmSync(folder, { recursive: true, force: true });
  const ending = ({ code, output }: Run) => `exit ${code}: ${output.slice(-600)}`;

  begin();
  const whole = await heed([name, '--quick']);
  if (whole.code !== 0) return `the short form failed, ${ending(whole)}`;
  if (NOTHING_TO_KEEP.has(name)) return undefined;
  const expected = weightFiles(folder);
  if (expected.size === 0) return 'it saved no weights, so Ctrl-C would lose them';

  begin();
  const cut = await heed([name, '--quick'], /recorded step|step 1\b/);
  if (cut.code !== 130) return `it was not interrupted, ${ending(cut)}`;
  const resumed = await heed([name, '--quick']);
  if (resumed.code !== 0) return `it did not go on after Ctrl-C, ${ending(resumed)}`;
  const weights = weightFiles(folder);
  const different = [...expected].filter(([file, bytes]) => !areEqual(bytes, weights.get(file))).map(([file]) => file);
  return different.length === 0 ? undefined : `after Ctrl-C and going on these differ: ${different.join(', ')}`;
}

async function listExamples(): Promise<string[]> {
  const { output } = await heed(['--list']);
  return [...output.matchAll(/^[a-z-]+\/[a-z0-9-]+/gm)].map(([name]) => name);
}

const given = process.argv.slice(2);
let [passed, failed] = [0, 0];
for (const name of given.length > 0 ? given : await listExamples()) {
  const began = performance.now();
  const fault = await tryExample(name);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  if (fault === undefined) {
    passed++;
    const reason = NOTHING_TO_KEEP.get(name);
    console.log(`✓ ${name} (${seconds} s)${reason === undefined ? '' : `: run once, ${reason}`}`);
  } else {
    failed++;
    console.log(`✗ ${name} (${seconds} s)\nfailed: ${name}: ${fault}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
