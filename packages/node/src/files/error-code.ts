/** The code of a system error (`ENOENT`, `ECONNREFUSED`, …), looked for in its causes too. */
export function errorCode(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'string') return current.code;
  }
  return undefined;
}
