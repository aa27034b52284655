/** What a package's API report and its changesets say about a release to come. */
export interface ReleasedPackage {
  readonly name: string;
  /** The version of the last release, e.g. `0.3.1`. */
  readonly version: string;
  /** The API report at the last release; absent for a package that was not there. */
  readonly released: string | undefined;
  readonly current: string;
}

export type Bump = 'patch' | 'minor' | 'major';

const ORDER: readonly Bump[] = ['patch', 'minor', 'major'];

/**
 * Lines of the released API that are gone: removed, renamed, or of another type. A line that only moved is no change, and an added one
 * breaks nobody.
 */
export function brokenLines(released: string, current: string): string[] {
  const left = new Map<string, number>();
  for (const line of declarations(current)) left.set(line, (left.get(line) ?? 0) + 1);
  return declarations(released).filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
}

/** The report's lines that declare something: no comments, no punctuation alone. */
function declarations(report: string): string[] {
  const code = /```ts\n([\s\S]*?)```/.exec(report)?.[1] ?? '';
  return code
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /\w/.test(line) && !line.startsWith('//') && !line.startsWith('import '));
}

/** The bumps that changesets ask for, by package: each starts with a list of `'name': bump` between two `---`. */
export function plannedBumps(changesets: readonly string[]): Map<string, Bump> {
  const planned = new Map<string, Bump>();
  for (const changeset of changesets) {
    const head = /^---\n([\s\S]*?)\n---/.exec(changeset)?.[1] ?? '';
    for (const [, name, bump] of head.matchAll(/^['"]?(@?[^'":]+)['"]?:\s*(patch|minor|major)$/gm)) {
      const before = planned.get(name);
      if (before === undefined || ORDER.indexOf(bump as Bump) > ORDER.indexOf(before)) planned.set(name, bump as Bump);
    }
  }
  return planned;
}

/** A line for each package whose API broke without the changeset that says so: a minor in 0.x, a major after. */
export function undeclaredBreaks(packages: readonly ReleasedPackage[], planned: ReadonlyMap<string, Bump>): string[] {
  return packages.flatMap(({ name, version, released, current }) => {
    if (released === undefined) return [];
    const broken = brokenLines(released, current);
    if (broken.length === 0) return [];
    const needed: Bump = version.startsWith('0.') ? 'minor' : 'major';
    const bump = planned.get(name);
    if (bump !== undefined && ORDER.indexOf(bump) >= ORDER.indexOf(needed)) return [];
    return [
      `${name} ${version}: a breaking change needs a ${needed} changeset, got ${bump ?? 'none'}; gone from the API:\n` +
        broken.map((line) => `    ${line}`).join('\n'),
    ];
  });
}
