import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { createRequire } from 'node:module';
import { format, resolveConfig } from 'prettier';
import type { Benchmark, Stages } from './benchmark.ts';
import type { MeasuredRow } from './run-benchmark.ts';

/** One benchmark as Markdown: heading, sentence, table. */
export function section(benchmark: Benchmark, rows: readonly MeasuredRow[]): string {
  const facts = [...new Set(rows.flatMap((row) => Object.keys(row.facts ?? {})))];
  const compared = rows.some((row) => row.reference !== undefined || row.atMost !== undefined);
  const tensors = rows.some((row) => row.tensors === true) ? ['tensors at the peak'] : [];
  const headings = ['work', ...facts, 'measured', ...tensors, ...(compared ? ['against', 'ratio', 'at most'] : [])];
  const lines = [headings, headings.map(() => '---'), ...rows.map((row) => cells(row, facts, compared))];
  const table = lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
  return `### ${benchmark.title}\n\n${benchmark.about}\n\n${table}\n`;
}

function cells(row: MeasuredRow, facts: readonly string[], compared: boolean): string[] {
  const { subject, reference, value, referenceValue, atMost, missing } = row;
  const shownValue = (value: number, stages?: Stages) => `${number(value)} ${unitOf(row)}${shownStages(stages)}`;
  const own =
    value === undefined ? `not measured: ${missing}` : `${subject.contender}: ${shownValue(value, row.stages)}`;
  const shown = [row.work, ...facts.map((fact) => String(row.facts?.[fact] ?? '')), own];
  if (row.tensors === true) shown.push(row.tensorMemory === undefined ? '' : `${number(row.tensorMemory)} MB`);
  if (!compared) return shown;
  const met = (shown: number) => (atMost === undefined ? '' : `${number(atMost)} ${shown <= atMost ? '✓' : '✗'}`);
  if (value === undefined) return [...shown, '', '', ''];
  if (reference === undefined) return [...shown, '', '', met(value)];
  if (referenceValue === undefined) return [...shown, `${reference.contender} not measured: ${missing}`, '', ''];
  const ratio = value / referenceValue;
  const other = `${reference.contender}: ${shownValue(referenceValue, row.referenceStages)}`;
  return [...shown, other, number(ratio), met(ratio)];
}

export function unitOf({ measure = 'time' }: Pick<MeasuredRow, 'measure'>): 'ms' | 'MB' | 'ops' {
  return ({ time: 'ms', opening: 'ms', resident: 'MB', memory: 'MB', operations: 'ops' } as const)[measure];
}

/** What of a process's memory was there before a model was, and with it. */
export function shownStages(stages: Stages | undefined): string {
  return stages === undefined ? '' : ` (${number(stages.started)} started, ${number(stages.opened)} opened)`;
}

/** Three digits that count. */
export function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** BENCHMARKS.md with the sections of these packages in place of their former ones. */
export async function report(
  previous: string,
  packages: Readonly<Record<string, readonly string[]>>,
  versions: Readonly<Record<string, string>>,
): Promise<string> {
  const former = [...previous.matchAll(/^## (.*)\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm)];
  const bodies = new Map(former.map(([, name, body]) => [name.trim(), body.trim()]));
  for (const [name, sections] of Object.entries(packages)) {
    bodies.set(name, [machineLine(versions), ...sections].join('\n\n'));
  }
  const text = [
    '# Benchmarks',
    '',
    'Written by `npx pnpm@12 bench <package>`: medians of turns, so that ratios hold where milliseconds do not. A turn is 300 ms of runs one after',
    'the other, as in a loop, the first left out; its median counts. Where a run takes longer, a turn is one run. Resident memory is the peak of a',
    'fresh process, in brackets what it was with the libraries started, and with the model opened. ✓ and ✗ say',
    'whether a ratio is what it shall be at most. PyTorch is found by `HEED_PYTHON`, or as a `python3` that has it.',
    '',
    ...[...bodies].sort().flatMap(([name, body]) => [`## ${name}`, '', body, '']),
  ].join('\n');
  return format(text, { ...(await resolveConfig(import.meta.url)), parser: 'markdown' });
}

function machineLine(versions: Readonly<Record<string, string>>): string {
  const { date, cores, model, memory, system, load, node } = machine();
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    `${date} · ${cores} × ${model}, ${memory} GB, ${system}, ` +
    `load average ${load} · Node ${node} · ${named.join(' · ')}`
  );
}

/** Where figures come from; memory in GB. */
export function machine() {
  const [{ model }] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: cpus().length,
    model: model.trim(),
    memory: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    load: loadavg()[0].toFixed(1),
    node: process.versions.node,
  };
}

/** Versions of what was measured. */
export function packageVersions(names: readonly string[]): Record<string, string> {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(
    names.flatMap((name) => {
      try {
        const entry = require.resolve(name);
        const root = entry.slice(0, entry.lastIndexOf(name) + name.length);
        return [[name, (require(`${root}/package.json`) as { version: string }).version]];
      } catch {
        return [];
      }
    }),
  );
}
