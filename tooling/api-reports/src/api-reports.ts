/**
 * `npx pnpm@12 api` writes each package's public API to `api-report.api.md`, for reviewers to see what changed. With `--check` it only
 * compares: with the committed report, and with that of the last release, from which nothing may be gone without its changeset.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plannedBumps, undeclaredBreaks, type ReleasedPackage } from './breaking-changes.ts';
import { extractApi } from './extract-api.ts';

const REPORT = 'api-report.api.md';
const check = process.argv.includes('--check');
const problems: string[] = [];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
}

function extract(folder: string): boolean {
  const apiReport = {
    enabled: true,
    reportFolder: folder,
    reportFileName: REPORT,
    reportTempFolder: join(tmpdir(), 'heed-api'),
  };
  return extractApi(folder, { apiReport }, { localBuild: !check }).apiReportChanged;
}

/** A file as it was at a tag, or undefined where it was not there. */
function atTag(tag: string, path: string): string | undefined {
  try {
    return execFileSync('git', ['show', `${tag}:${path}`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

const released: ReleasedPackage[] = [];
for (const entry of readdirSync('packages')) {
  const path = `packages/${entry}`;
  const manifest = JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as Manifest;
  if (manifest.private === true) continue;
  if (extract(join(process.cwd(), path)) && check)
    problems.push(`${path}/${REPORT} is not current: run npx pnpm@12 api and commit it`);
  const tags = execFileSync('git', ['tag', '--list', `${manifest.name}@*`, '--sort=-creatordate'], {
    encoding: 'utf8',
  });
  const tag = tags.split('\n')[0];
  released.push({
    name: manifest.name,
    version: tag === '' ? manifest.version : tag.slice(tag.lastIndexOf('@') + 1),
    released: tag === '' ? undefined : atTag(tag, `${path}/${REPORT}`),
    current: existsSync(`${path}/${REPORT}`) ? readFileSync(`${path}/${REPORT}`, 'utf8') : '',
  });
}
const changesets = readdirSync('.changeset').filter((file) => file.endsWith('.md') && file !== 'README.md');
problems.push(
  ...undeclaredBreaks(released, plannedBumps(changesets.map((file) => readFileSync(`.changeset/${file}`, 'utf8')))),
);
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
