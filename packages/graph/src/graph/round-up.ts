/** The next of 16, 20, 24, 28, 32, 40, 48, …: at most a quarter more. Sizes from a short list are recorded few times. */
export function roundUp(size: number): number {
  if (size <= 16) return 16;
  const step = 2 ** (Math.floor(Math.log2(size - 1)) - 2);
  return Math.ceil(size / step) * step;
}
