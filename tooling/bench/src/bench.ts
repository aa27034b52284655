/**
 * `npx pnpm@12 bench [package …]`: runs benchmarks/*.bench.ts of the named packages (a part of the name will do; default all that
 * have some in this form) and writes BENCHMARKS.md.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { requireBenchmark, type Benchmark } from './benchmark.ts';
import { findTorch } from './find-python.ts';
import { number, packageVersions, report, section } from './report.ts';
import { runBenchmark, type MeasuredRow } from './run-benchmark.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const target = join(root, 'BENCHMARKS.md');
const asked = process.argv.slice(2);

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

function line({ work, subject, reference, value, referenceValue, missing }: MeasuredRow): string {
  if (value === undefined) return `  ${work}: not measured (${missing})`;
  const own = `  ${work}: ${subject.contender} ${number(value)}`;
  if (reference === undefined || referenceValue === undefined) return own;
  return `${own}, ${reference.contender} ${number(referenceValue)}, ratio ${number(value / referenceValue)}`;
}

const torch = await findTorch();
if (torch === undefined) console.log('bench: no Python with torch (HEED_PYTHON names one); its rows are left out');
const sections: Record<string, string[]> = {};
for (const name of await readdir(join(root, 'packages'))) {
  if (asked.length > 0 && !asked.some((part) => name.includes(part))) continue;
  for (const { path, benchmark } of await benchmarksOf(name)) {
    console.log(`${name}: ${benchmark.title}`);
    const rows = await runBenchmark(path, benchmark, { python: torch?.python, onRow: (row) => console.log(line(row)) });
    (sections[name] ??= []).push(section(benchmark, rows));
  }
}
if (Object.keys(sections).length === 0) {
  throw new Error(`bench: a package with benchmarks must be named, got ${asked.join(' ') || 'none'}`);
}
const versions = packageVersions(['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm', 'onnxruntime-web']);
const named = torch === undefined ? versions : { ...versions, torch: torch.version };
await writeFile(target, await report(await readFile(target, 'utf8').catch(() => ''), sections, named));
