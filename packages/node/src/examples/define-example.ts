import type { StartedBackend } from '../backend/start-backend.ts';
import type { OptionDefinitions, OptionValues } from './options.ts';

/** What `run` of an example is given. */
export interface ExampleContext<V = Readonly<Record<string, unknown>>> {
  /** The example's own options, as given on the command line or by default. */
  readonly options: V;
  /** Aborts at Ctrl-C: save a checkpoint and return. */
  readonly signal: AbortSignal;
  /** The short form was asked for (`--quick`): the same path on little data, for tests and CI. */
  readonly quick: boolean;
  /** What computes; it has been started. */
  readonly backend: StartedBackend;
  /** A folder of this example's own, kept between runs: checkpoints, reports. `save`, `load` and checkpoints take it as it is. */
  readonly folder: string;
  /** Writes a line to stdout. */
  readonly print: (text: string) => void;
}

/** One file, one command: what `heed run` lists and runs. */
export interface Example {
  readonly kind: 'example';
  readonly summary: string;
  readonly minutes: ExampleMinutes;
  readonly options: OptionDefinitions;
  run(context: ExampleContext): Promise<void>;
}

/** How long a run takes on two cores. */
export interface ExampleMinutes {
  readonly tensorflow: number;
  readonly wasm: number;
}

export interface ExampleDefinition<O extends OptionDefinitions> {
  /** One line: what it trains or shows, on which data. */
  readonly summary: string;
  readonly minutes: ExampleMinutes;
  readonly options?: O;
  readonly run: (context: ExampleContext<OptionValues<O>>) => Promise<void>;
}

/**
 * Declares an example; the file `packages/<domain>/examples/<name>.ts` exports it by default.
 *
 * @example
 * ```ts
 * import { defineExample } from '@heed/node';
 * export default defineExample({
 *   summary: 'Says hello, politely if asked.',
 *   minutes: { tensorflow: 0.1, wasm: 0.1 },
 *   options: { name: { type: 'string', description: 'whom to greet', default: 'world' } },
 *   run: async ({ options, print }) => print(`Hello, ${options.name}.`),
 * });
 * ```
 */
export function defineExample<const O extends OptionDefinitions = Record<never, never>>(
  definition: ExampleDefinition<O>,
): Example {
  const { summary, minutes, options, run } = definition;
  return {
    kind: 'example',
    summary,
    minutes,
    options: options ?? {},
    // `heed run` reads the options by these very definitions, so they have the types that `run` expects.
    run: (context) => run(context as ExampleContext<OptionValues<O>>),
  };
}

/** Whether a module's default export is an example. */
export function isExample(value: unknown): value is Example {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'example';
}
