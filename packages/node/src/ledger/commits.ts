import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a run writes itself: records and the page made of them. */
const WRITTEN = /^(?:packages\/[^/]+\/examples\/results\/[^/]+\.json|RESULTS\.md)$/;

/** Entries whose commit is known to be none of a clean tree, each with that commit, until they are measured again. The list can only shrink. */
const KNOWN_FILE = 'tooling/results-to-measure-again.json';

/** The files of a clone that differ from its commit, apart from those that runs write; none where there is no git. */
export async function changedFiles(clone: string): Promise<string[]> {
  const status = await git(clone, ['status', '--porcelain', '-z', '--untracked-files=all', '--no-renames']);
  if (status === undefined) return [];
  return status
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => line.slice(3))
    .filter((path) => !WRITTEN.test(path));
}

/** The commit of a clone, or undefined where there is no git. */
export async function headOf(clone: string): Promise<string | undefined> {
  return (await git(clone, ['rev-parse', '--short=10', 'HEAD']))?.trim();
}

export interface CommitReport {
  /** What must be mended, a line each. */
  readonly problems: readonly string[];
  /** What is known, and printed. */
  readonly warnings: readonly string[];
}

/** Whether every record names a clean commit that HEAD comes from, but for those that are known not to. Where there is no git, nothing is asked. */
export async function checkCommits(
  clone: string,
  records: readonly (readonly [string, { readonly versions: Readonly<Record<string, string>> }])[],
): Promise<CommitReport> {
  const shallow = (await git(clone, ['rev-parse', '--is-shallow-repository']))?.trim();
  if (shallow === undefined) return { problems: [], warnings: [] };
  const known = parseKnown(await readFile(join(clone, KNOWN_FILE), 'utf8').catch(() => '{}'));
  const problems: string[] = [];
  const warnings: string[] = [];
  const unclean = new Set<string>();
  for (const [name, { versions }] of records) {
    const { commit } = versions;
    const wrong = await wrongCommit(clone, commit, shallow === 'true');
    if (wrong === undefined) continue;
    unclean.add(name);
    if (known.get(name) === commit) warnings.push(`${name} is to be measured again: its commit ${wrong}`);
    else problems.push(`${name}: its commit ${wrong}; measure it again at a clean commit`);
  }
  if (shallow === 'true') {
    warnings.push('ancestors of HEAD cannot be told in a shallow clone');
    return { problems, warnings };
  }
  for (const name of known.keys()) {
    if (!unclean.has(name)) problems.push(`${name} has a clean commit: take it off ${KNOWN_FILE}`);
  }
  const first = await firstKnown(clone);
  for (const [name, commit] of known) {
    if (first !== undefined && first.get(name) !== commit) {
      problems.push(`${KNOWN_FILE} can only shrink: ${name} at ${commit} was not on it`);
    }
  }
  return { problems, warnings };
}

async function wrongCommit(clone: string, commit: string | undefined, shallow: boolean): Promise<string | undefined> {
  if (commit === undefined) return 'is not named';
  if (!/^[0-9a-f]{7,40}$/.test(commit)) return `must be clean, got ${commit}`;
  if (shallow) return undefined;
  const isAncestor = await git(clone, ['merge-base', '--is-ancestor', commit, 'HEAD']);
  return isAncestor === undefined ? `must be an ancestor of HEAD, got ${commit}` : undefined;
}

/** The list as it was when it was begun, or undefined where it is not committed yet. */
async function firstKnown(clone: string): Promise<Map<string, string> | undefined> {
  const added = await git(clone, ['log', '--diff-filter=A', '--format=%H', '--', KNOWN_FILE]);
  const commit = added?.trim().split('\n').at(-1);
  if (!commit) return undefined;
  const content = await git(clone, ['show', `${commit}:${KNOWN_FILE}`]);
  return content === undefined ? undefined : parseKnown(content);
}

function parseKnown(content: string): Map<string, string> {
  return new Map(Object.entries(JSON.parse(content) as Record<string, string>));
}

/** What git prints, or undefined where it fails. */
async function git(clone: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', [...args], { cwd: clone, maxBuffer: 2 ** 26 });
    return stdout;
  } catch {
    return undefined;
  }
}
