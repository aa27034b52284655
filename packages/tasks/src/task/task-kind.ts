import type { ConfigSchema } from '@heed/training';

/** What a task class says of itself once, for messages, configs and saved files. */
export interface TaskKind<Config extends object> {
  /** The class's name: errors begin with it, and `config.json` says it as its format (`heed-text-classifier`). */
  readonly name: string;
  /** Checks a config and fills in the defaults: a schema of zod. */
  readonly schema: ConfigSchema<Config>;
}

/** How `config.json` names a task: `TextClassifier` is `heed-text-classifier`. */
export function formatOf(name: string): string {
  return `heed${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The class of a format. */
export function classOf(format: string): string {
  return format.replace(/^heed/, '').replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
