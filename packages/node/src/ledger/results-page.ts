import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatFigures, readRecord, type ResultRecord } from './record.ts';

const INTRODUCTION = `<!-- Written by \`npx pnpm@12 results\` from packages/*/examples/results/*.json. Not to be edited. -->

# Results

Every figure here was measured by the command beside it, which anybody can run; nothing is typed by hand but the published figures.
An interrupted run goes on where it stopped. \`--quick\` runs the short form and records nothing.
`;

/**
 * Since this day no update of a schedule has the rate 0, the last evaluation counts, and hidden scores are hidden by selection; what was trained before
 * is to be measured again, and its row says so.
 */
const TRAINED_OTHERWISE_BEFORE = '2026-11-30';
const MARK = '†';

/** RESULTS.md from all records of a clone. */
export async function renderResultsPage(clone: string): Promise<string> {
  const records = await readRecords(clone);
  if (records.length === 0) return `${INTRODUCTION}\nNothing has been measured yet.\n`;
  const rows = records.map(([, record]) => row(record));
  const notes = records.map(([name, record]) => note(name, record));
  return [
    INTRODUCTION,
    '| task | ours | baseline | published (source) | minutes | command |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...(records.some(([, record]) => isOld(record))
      ? [
          `${MARK} Measured before ${TRAINED_OTHERWISE_BEFORE}, when schedules and masks changed; to be measured again.`,
          '',
        ]
      : []),
    '## How they were measured',
    '',
    ...notes,
  ].join('\n');
}

/** All records of a clone, each with the name of its entry. */
export async function readRecords(clone: string): Promise<[string, ResultRecord][]> {
  const packages = join(clone, 'packages');
  const found: [string, ResultRecord][] = [];
  for (const folder of (await readdir(packages)).sort()) {
    const results = join(packages, folder, 'examples', 'results');
    const files = await readdir(results).catch(() => []);
    for (const file of files.filter((name) => name.endsWith('.json')).sort()) {
      found.push([`${folder}/${file.slice(0, -'.json'.length)}`, await readRecord(join(results, file))]);
    }
  }
  return found;
}

function isOld({ measured }: Pick<ResultRecord, 'measured'>): boolean {
  return measured < TRAINED_OTHERWISE_BEFORE;
}

function row(record: ResultRecord): string {
  const { task, figures, ours, baseline, published, minutes, command } = record;
  const compared = baseline === undefined ? '' : describeBaseline(figures, baseline);
  const source = published === undefined ? '' : `${published.value} (${published.source})`;
  const cells = [
    isOld(record) ? `${task} ${MARK}` : task,
    `**${formatFigures(figures, ours)}**`,
    compared,
    source,
    formatMinutes(minutes),
    `\`${command}\``,
  ];
  return `| ${cells.map((cell) => cell.replace(/\|/g, '\\|').replace(/\s+/g, ' ')).join(' | ')} |`;
}

function describeBaseline(
  figures: ResultRecord['figures'],
  { name, figures: values }: NonNullable<ResultRecord['baseline']>,
): string {
  return values === undefined ? name : `${formatFigures(figures, values)} (${name})`;
}

function formatMinutes(minutes: number): string {
  return minutes < 10 ? minutes.toPrecision(2) : String(Math.round(minutes));
}

function note(
  name: string,
  { task, protocol, seed, measured, backend, machine, versions, data }: ResultRecord,
): string {
  const software = Object.entries(versions).map(([library, version]) => `${library} ${version}`);
  const sums = data.map(({ name, sha256 }) => {
    const files = Object.entries(sha256).map(([file, sum]) => `\`${file}\` ${sum.slice(0, 12)}`);
    return `${name} (${files.join(', ')})`;
  });
  const lines = [
    `### ${task}`,
    '',
    protocol.trim(),
    '',
    `Seed ${seed}; ${measured}; ${backend}; ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, ${machine.platform}; ` +
      `${software.join(', ')}.` +
      (sums.length === 0 ? '' : ` Data (sha256 begins): ${sums.join('; ')}.`),
    '',
    `[\`${name}\`](${link(name)}) has all figures.`,
    '',
  ];
  return lines.join('\n');
}

function link(name: string): string {
  const [folder, file] = name.split('/');
  return `packages/${folder}/examples/results/${file}.json`;
}

/** Whether RESULTS.md is what the records say. */
export async function isResultsPageCurrent(clone: string): Promise<boolean> {
  const present = await readFile(join(clone, 'RESULTS.md'), 'utf8').catch(() => undefined);
  return present === (await renderResultsPage(clone));
}
