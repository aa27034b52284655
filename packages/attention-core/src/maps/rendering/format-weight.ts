/** A weight with as many digits as one compares: 0.83, 12.5, 3.1e-5. */
export function formatWeight(weight: number): string {
  const magnitude = Math.abs(weight);
  if (magnitude !== 0 && (magnitude < 0.001 || magnitude >= 10_000)) return weight.toExponential(1);
  return String(Number(weight.toPrecision(3)));
}
