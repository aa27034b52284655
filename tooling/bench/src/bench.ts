/**
 * `npx pnpm@12 bench [package …]`: runs benchmarks/*.bench.ts of the named packages (a part of the name will do; default all that
 * have some in this form) and writes BENCHMARKS.md. `package/file`, e.g. `tensorflow/gpt`, runs one file, `--rounds <n>` takes so many
 * runs for a median, `--threads <n>` has everybody compute on so many cores (2; WASM on one): all three only print.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { requireBenchmark, type Benchmark } from './benchmark.ts';
import { findTorch } from './find-python.ts';
import { number, packageVersions, report, section } from './report.ts';
import { runBenchmark, type MeasuredRow } from './run-benchmark.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const target = join(root, 'BENCHMARKS.md');
const options = { rounds: { type: 'string' }, threads: { type: 'string' } } as const;
const { positionals: asked, values } = parseArgs({ allowPositionals: true, options });
const [rounds, threads] = [count('rounds'), count('threads')];
const partial = rounds !== undefined || threads !== undefined || asked.some((part) => part.includes('/'));

function count(option: keyof typeof options): number | undefined {
  const given = values[option];
  if (given === undefined || /^[1-9]\d*$/.test(given)) return given === undefined ? undefined : Number(given);
  throw new Error(`bench: --${option} must be a whole number of at least 1, got ${given}`);
}

/** Bench files that print for themselves are left to themselves. */
async function benchmarksOf(name: string): Promise<{ path: string; benchmark: Benchmark }[]> {
  const folder = join(root, 'packages', name, 'benchmarks');
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.bench.ts')).sort();
  const found: { path: string; benchmark: Benchmark }[] = [];
  for (const file of files) {
    const path = join(folder, file);
    if (!/export const benchmark\b/.test(await readFile(path, 'utf8'))) continue;
    const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
    found.push({ path, benchmark: requireBenchmark(`${name}/${file}`, module) });
  }
  return found;
}

function line({ work, subject, reference, value, referenceValue, missing, atMost }: MeasuredRow): string {
  const bound = atMost === undefined ? '' : `, at most ${atMost}`;
  if (value === undefined) return `  ${work}: ${subject.contender} not measured (${missing})`;
  const own = `  ${work}: ${subject.contender} ${number(value)}`;
  if (reference === undefined) return own + bound;
  if (referenceValue === undefined) return `${own}; ${reference.contender} not measured (${missing})`;
  return `${own}, ${reference.contender} ${number(referenceValue)}, ratio ${number(value / referenceValue)}${bound}`;
}

const torch = await findTorch();
if (torch === undefined) console.log('bench: no Python with torch (HEED_PYTHON names one); its rows are left out');
const sections: Record<string, string[]> = {};
for (const name of await readdir(join(root, 'packages'))) {
  const isAsked = (part: string, path: string) => (part.includes('/') ? path : name).includes(part);
  for (const { path, benchmark } of await benchmarksOf(name)) {
    if (asked.length > 0 && !asked.some((part) => isAsked(part, `${name}/${basename(path)}`))) continue;
    console.log(`${name}: ${benchmark.title}`);
    const rows = await runBenchmark(path, benchmark, {
      python: torch?.python,
      threads: threads ?? 2,
      rounds,
      onRow: (row) => console.log(line(row)),
    });
    (sections[name] ??= []).push(section(benchmark, rows));
  }
}
if (Object.keys(sections).length === 0) {
  throw new Error(`bench: a package with benchmarks must be named, got ${asked.join(' ') || 'none'}`);
}
if (!partial) {
  const versions = packageVersions([
    '@tensorflow/tfjs',
    '@tensorflow/tfjs-backend-wasm',
    'onnxruntime-node',
    'onnxruntime-web',
    '@huggingface/transformers',
  ]);
  const named = torch === undefined ? versions : { ...versions, torch: torch.version };
  await writeFile(target, await report(await readFile(target, 'utf8').catch(() => ''), sections, named));
}
