/** A line of `console.log` as the page shows it: texts as they are, everything else as JSON. Node prints texts alike, so blocks print texts. */
export function formatLine(values: readonly unknown[]): string {
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' ');
}
