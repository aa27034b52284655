/**
 * The smaller (or larger) of each number of x and one of y, which has `period` numbers and begins again as often as x is longer: y has
 * the shape of x, or of its last dimensions, or is a single number.
 */
export function minimum(x: usize, y: usize, out: usize, count: usize, period: usize): void {
  extremes(x, y, out, count, period, false);
}

export function maximum(x: usize, y: usize, out: usize, count: usize, period: usize): void {
  extremes(x, y, out, count, period, true);
}

function extremes(x: usize, y: usize, out: usize, count: usize, period: usize, larger: bool): void {
  const end = x + count * 4;
  const yEnd = y + period * 4;
  while (x < end) {
    let at = y;
    if (period == 1) {
      const same = v128.load32_splat(y);
      for (; x + 16 <= end; x += 16, out += 16) v128.store(out, extreme(v128.load(x), same, larger));
    } else {
      for (; at + 16 <= yEnd; at += 16, x += 16, out += 16) {
        v128.store(out, extreme(v128.load(x), v128.load(at), larger));
      }
    }
    for (; at < yEnd && x < end; at += 4, x += 4, out += 4) {
      v128.store32_lane(out, extreme(v128.load32_zero(x), v128.load32_zero(at), larger), 0);
    }
  }
}

function extreme(a: v128, b: v128, larger: bool): v128 {
  return larger ? f32x4.max(a, b) : f32x4.min(a, b);
}
