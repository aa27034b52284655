/** @throws if the name of a class stands twice */
export function requireDifferent(owner: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`${owner}: classNames must differ, got ${JSON.stringify(twice)} twice`);
}
