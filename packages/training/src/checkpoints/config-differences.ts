/** A number of epochs or steps, which a resumed run may have more of. */
const LENGTH = /^config\.((fit|recipe)\.)?(epochs|steps)$/;

/**
 * Where two JSON values differ, as paths with both values; none where they are equal. A run may become longer: `epochs` and `steps` of
 * `config`, `config.fit` and `config.recipe` only differ where they are less than they were.
 */
export function configDifferences(saved: unknown, current: unknown): string[] {
  return differences(asJson(saved), asJson(current), '');
}

function differences(saved: unknown, current: unknown, path: string): string[] {
  if (isContainer(saved) && isContainer(current) && Array.isArray(saved) === Array.isArray(current)) {
    const keys = new Set([...Object.keys(saved), ...Object.keys(current)]);
    return [...keys].flatMap((key) => differences(saved[key], current[key], path === '' ? key : `${path}.${key}`));
  }
  if (Object.is(saved, current) || (LENGTH.test(path) && isLonger(saved, current))) return [];
  return [`${path || 'config'} was ${show(saved)}, is now ${show(current)}`];
}

/** A length that is not given is no bound, or follows from the other one. */
function isLonger(saved: unknown, current: unknown): boolean {
  if (saved === undefined || current === undefined) return true;
  return typeof saved === 'number' && typeof current === 'number' && current > saved;
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
