/** A number with as many digits as one compares: 0.8312, 12.34, 1,200, 3.1e-5. */
export function formatFigure(value: number): string {
  const magnitude = Math.abs(value);
  if (Number.isInteger(value)) return value.toLocaleString('en');
  if (!Number.isFinite(value)) return String(value);
  if (magnitude < 1e-3 || magnitude >= 1e6) return value.toExponential(1);
  if (magnitude >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(4)));
}
