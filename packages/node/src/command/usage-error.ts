/** The command was called wrongly; its message is for the person who typed it, and no stack helps. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
