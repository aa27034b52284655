/** Where two JSON values first differ, as a path and both values; `undefined` where they are equal. */
export function configDifference(saved: unknown, current: unknown): string | undefined {
  return difference(asJson(saved), asJson(current), '');
}

function difference(saved: unknown, current: unknown, path: string): string | undefined {
  if (isContainer(saved) && isContainer(current) && Array.isArray(saved) === Array.isArray(current)) {
    for (const key of new Set([...Object.keys(saved), ...Object.keys(current)])) {
      const found = difference(saved[key], current[key], path === '' ? key : `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return Object.is(saved, current) ? undefined : `${path || 'config'} was ${show(saved)}, is now ${show(current)}`;
}

function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
