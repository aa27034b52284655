import type { FoundModule } from '../examples/find-modules.ts';
import { nearNames } from '../examples/near-names.ts';
import { UsageError } from './usage-error.ts';

/** The module of that name. @throws UsageError that lists what may have been meant */
export function choose(name: string, found: readonly FoundModule[], command: string, kind: string): FoundModule {
  const module = found.find((candidate) => candidate.name === name);
  if (module !== undefined) return module;
  const near = nearNames(
    name,
    found.map((candidate) => candidate.name),
  );
  const hint =
    near.length > 0 ? `did you mean ${near.join(' or ')}?` : `heed ${command} --list shows all ${found.length}`;
  throw new UsageError(`heed ${command}: there is no ${kind} '${name}'; ${hint}`);
}

/** Takes the command's own switches out of the arguments, wherever they stand. */
export function takeFlags(args: readonly string[], names: readonly string[]): { flags: Set<string>; rest: string[] } {
  const own = new Set(names.map((name) => `--${name}`));
  return {
    flags: new Set(args.filter((arg) => own.has(arg)).map((arg) => arg.slice(2))),
    rest: args.filter((arg) => !own.has(arg)),
  };
}
