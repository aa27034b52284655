import { parseArgs } from 'node:util';
import { UsageError } from '../command/usage-error.ts';

/** One `--option` of an example. */
export type OptionDefinition =
  | {
      readonly type: 'string';
      readonly description: string;
      readonly default?: string;
      readonly choices?: readonly string[];
    }
  | { readonly type: 'number'; readonly description: string; readonly default?: number }
  /** A switch: `--name` is true, `--no-name` and its absence false. */
  | { readonly type: 'boolean'; readonly description: string; readonly default?: boolean };

export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

type Value<D extends OptionDefinition> = D extends { choices: readonly (infer C)[] }
  ? C
  : D extends { type: 'string' }
    ? string
    : D extends { type: 'number' }
      ? number
      : boolean;

/** The values that options have: those without a default may be absent, switches are false then. */
export type OptionValues<O extends OptionDefinitions> = {
  readonly [K in keyof O]: O[K] extends { type: 'boolean' } | { default: unknown }
    ? Value<O[K]>
    : Value<O[K]> | undefined;
};

/**
 * Reads a command line by an example's options.
 *
 * @param command how the command is called, for messages
 * @throws UsageError for an unknown option, a missing value, a number that is none, a choice that is not offered
 */
export function parseOptions(
  definitions: OptionDefinitions,
  args: readonly string[],
  command: string,
): Record<string, string | number | boolean | undefined> {
  const options = Object.fromEntries(
    Object.entries(definitions).map(([name, { type }]) => [
      name,
      { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true, allowNegative: true, allowPositionals: false }));
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split(/\. (?=To |This )/)[0];
    throw new UsageError(`${command}: ${reason}\n${describeOptions(definitions)}`);
  }
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [name, valueOf(name, definition, values[name], command)]),
  );
}

function valueOf(
  name: string,
  definition: OptionDefinition,
  given: unknown,
  command: string,
): string | number | boolean | undefined {
  if (given === undefined) return definition.default ?? (definition.type === 'boolean' ? false : undefined);
  if (definition.type === 'number') {
    const number = Number(given);
    if (given === '' || !Number.isFinite(number))
      throw new UsageError(`${command}: --${name} must be a number, got '${given}'`);
    return number;
  }
  if (definition.type === 'string' && definition.choices !== undefined && !definition.choices.includes(String(given))) {
    throw new UsageError(`${command}: --${name} must be one of ${definition.choices.join(', ')}, got '${given}'`);
  }
  return given as string | boolean;
}

/** The options as lines of help: `  --epochs <number>  passes over the data (5)`. */
export function describeOptions(definitions: OptionDefinitions): string {
  const entries = Object.entries(definitions);
  if (entries.length === 0) return 'It has no options of its own.';
  const rows = entries.map(([name, definition]) => [
    `  --${name}${definition.type === 'boolean' ? '' : ` <${definition.type}>`}`,
    definition.description + describeValues(definition),
  ]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return ['Options:', ...rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`)].join('\n');
}

function describeValues(definition: OptionDefinition): string {
  const parts: string[] = [];
  if ('choices' in definition && definition.choices !== undefined) parts.push(definition.choices.join(' | '));
  if (definition.default !== undefined) parts.push(`default ${definition.default}`);
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}
