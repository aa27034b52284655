/** Native TensorFlow could not be installed: the message says which rule was broken, by what, and what can be done. */
export class InstallError extends Error {
  override readonly name = 'InstallError';

  /** Whether another source may be tried; a download that fails its checksum ends the attempt instead. */
  readonly fatal: boolean;

  /** Whether what the cache holds does not load: it is made anew. */
  readonly damaged: boolean;

  constructor(message: string, options: { cause?: unknown; fatal?: boolean; damaged?: boolean } = {}) {
    super(`install: ${message}`, options.cause === undefined ? {} : { cause: options.cause });
    this.fatal = options.fatal ?? false;
    this.damaged = options.damaged ?? false;
  }
}

/** The message of anything thrown, on one line. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^install: /, '')
    .replace(/\s+/g, ' ')
    .trim();
}
