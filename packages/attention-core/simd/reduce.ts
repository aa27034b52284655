/** The sums of the columns of [rows, n], times `factor`: y [n]. */
export function columnSums(x: usize, y: usize, rows: usize, n: usize, factor: f32): void {
  const stride = n * 4;
  const factors = f32x4.splat(factor);
  let j: usize = 0;
  // sixteen columns are a line of the cache
  for (; j + 16 <= n; j += 16, x += 64, y += 64) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let i: usize = 0, at = x; i < rows; i++, at += stride) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at, 16));
      s2 = f32x4.add(s2, v128.load(at, 32));
      s3 = f32x4.add(s3, v128.load(at, 48));
    }
    v128.store(y, f32x4.mul(s0, factors));
    v128.store(y, f32x4.mul(s1, factors), 16);
    v128.store(y, f32x4.mul(s2, factors), 32);
    v128.store(y, f32x4.mul(s3, factors), 48);
  }
  for (; j < n; j++, x += 4, y += 4) {
    let sum: f32 = 0;
    for (let i: usize = 0, at = x; i < rows; i++, at += stride) sum += load<f32>(at);
    store<f32>(y, sum * factor);
  }
}
