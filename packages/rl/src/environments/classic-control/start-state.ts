/** `options.state` as numbers, where it is given. @throws unless there are `count` finite ones */
export function startState(
  owner: string,
  options: Readonly<Record<string, unknown>>,
  count: number,
): number[] | undefined {
  const { state } = options;
  if (state === undefined) return undefined;
  const numbers = state instanceof Float32Array ? [...state] : state;
  const fits = Array.isArray(numbers) && numbers.length === count && numbers.every(Number.isFinite);
  if (!fits) {
    throw new Error(`${owner}.reset: options.state must be ${count} finite numbers, got ${JSON.stringify(state)}`);
  }
  return numbers as number[];
}
