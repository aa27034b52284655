/**
 * `npx pnpm@12 bench [package …]`: runs benchmarks/*.bench.ts of the named packages (a part of the name will do; default all that
 * have some in this form) and writes BENCHMARKS.md. `package/file`, e.g. `tensorflow/gpt`, runs one file, `--rounds <n>` takes so many
 * runs for a median, `--threads <n>` has everybody compute on so many cores (2; WASM on one), `--quick` runs small cases once, to see that
 * they run: all four only print. `--json <file>` writes the figures of this run there too, in any form.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { requireBenchmark, type Benchmark } from './benchmark.ts';
import { findTorch } from './find-python.ts';
import { benchmarkFigures, type BenchmarkFigures, type Figures } from './figures.ts';
import { machine, number, packageVersions, report, section, shownStages } from './report.ts';
import { runBenchmark, type MeasuredRow } from './run-benchmark.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const target = join(root, 'BENCHMARKS.md');
const options = {
  rounds: { type: 'string' },
  threads: { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'string' },
} as const;
const { positionals: asked, values } = parseArgs({ allowPositionals: true, options });
const [rounds, threads] = [count('rounds'), count('threads')];
const { quick, json } = values;
const partial = quick || rounds !== undefined || threads !== undefined || asked.some((part) => part.includes('/'));

function count(option: 'rounds' | 'threads'): number | undefined {
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

function line(row: MeasuredRow): string {
  const { work, subject, reference, value, referenceValue, stages, referenceStages, missing, atMost } = row;
  const bound = atMost === undefined ? '' : `, at most ${atMost}`;
  if (value === undefined) return `  ${work}: ${subject.contender} not measured (${missing})`;
  const own = `  ${work}: ${subject.contender} ${number(value)}${shownStages(stages)}`;
  if (reference === undefined) return own + bound;
  if (referenceValue === undefined) return `${own}; ${reference.contender} not measured (${missing})`;
  const other = `${reference.contender} ${number(referenceValue)}${shownStages(referenceStages)}`;
  return `${own}, ${other}, ratio ${number(value / referenceValue)}${bound}`;
}

const torch = await findTorch();
if (torch === undefined) console.log('bench: no Python with torch (HEED_PYTHON names one); its rows are left out');
const sections: Record<string, string[]> = {};
const figures: BenchmarkFigures[] = [];
for (const name of await readdir(join(root, 'packages'))) {
  const isAsked = (part: string, path: string) => (part.includes('/') ? path : name).includes(part);
  for (const { path, benchmark } of await benchmarksOf(name)) {
    if (asked.length > 0 && !asked.some((part) => isAsked(part, `${name}/${basename(path)}`))) continue;
    console.log(`${name}: ${benchmark.title}`);
    const rows = await runBenchmark(path, benchmark, {
      python: torch?.python,
      threads: threads ?? 2,
      rounds,
      quick,
      onRow: (row) => console.log(line(row)),
    });
    (sections[name] ??= []).push(section(benchmark, rows));
    figures.push(benchmarkFigures(name, benchmark, rows));
  }
}
if (Object.keys(sections).length === 0) {
  throw new Error(`bench: a package with benchmarks must be named, got ${asked.join(' ') || 'none'}`);
}
const versions = packageVersions([
  '@tensorflow/tfjs',
  '@tensorflow/tfjs-backend-wasm',
  'onnxruntime-node',
  'onnxruntime-web',
  '@huggingface/transformers',
]);
const named = { ...versions, ...torch?.versions };
if (json !== undefined) {
  const all: Figures = { machine: machine(), versions: named, threads: threads ?? 2, quick, benchmarks: figures };
  await writeFile(json, `${JSON.stringify(all, null, 2)}\n`);
}
if (!partial) await writeFile(target, await report(await readFile(target, 'utf8').catch(() => ''), sections, named));
