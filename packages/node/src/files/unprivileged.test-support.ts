/** Runs `action` as somebody whom file permissions bind: root, which tests in containers often are, may write anywhere. */
export async function asUnprivileged<T>(action: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0 || process.seteuid === undefined) return action();
  process.seteuid(65534);
  try {
    return await action();
  } finally {
    process.seteuid(0);
  }
}
