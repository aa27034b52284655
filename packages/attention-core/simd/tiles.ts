/** The innermost loops of `matmul`: a tile of the product is summed in registers. */
import { multiplyAdd } from './multiply-add';

/**
 * Four rows by eight columns: c = (accumulate ? c : 0) + a·b.
 *
 * @param a four rows, `aRow` apart, whose numbers lie `aColumn` apart
 * @param b k rows of eight numbers side by side, `bRow` apart
 * @param c four rows of eight numbers, `cRow` apart
 */
export function tile4x8(
  k: usize,
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  accumulate: bool,
): void {
  const a1 = aRow;
  const a2 = aRow + aRow;
  const a3 = a2 + aRow;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  if (accumulate) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c + cRow);
    s11 = v128.load(c + cRow, 16);
    s20 = v128.load(c + 2 * cRow);
    s21 = v128.load(c + 2 * cRow, 16);
    s30 = v128.load(c + 3 * cRow);
    s31 = v128.load(c + 3 * cRow, 16);
  }
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x0 = v128.load32_splat(a);
    s00 = multiplyAdd(x0, b0, s00);
    s01 = multiplyAdd(x0, b1, s01);
    const x1 = v128.load32_splat(a + a1);
    s10 = multiplyAdd(x1, b0, s10);
    s11 = multiplyAdd(x1, b1, s11);
    const x2 = v128.load32_splat(a + a2);
    s20 = multiplyAdd(x2, b0, s20);
    s21 = multiplyAdd(x2, b1, s21);
    const x3 = v128.load32_splat(a + a3);
    s30 = multiplyAdd(x3, b0, s30);
    s31 = multiplyAdd(x3, b1, s31);
    a += aColumn;
    b += bRow;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c + cRow, s10);
  v128.store(c + cRow, s11, 16);
  v128.store(c + 2 * cRow, s20);
  v128.store(c + 2 * cRow, s21, 16);
  v128.store(c + 3 * cRow, s30);
  v128.store(c + 3 * cRow, s31, 16);
}

/** One row by eight columns; otherwise as `tile4x8`. */
export function tile1x8(k: usize, a: usize, aColumn: usize, b: usize, bRow: usize, c: usize, accumulate: bool): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  if (accumulate) {
    s0 = v128.load(c);
    s1 = v128.load(c, 16);
  }
  // two sums each, so that one addition need not wait for the other
  let t0 = f32x4.splat(0);
  let t1 = t0;
  for (; k > 1; k -= 2) {
    const x = v128.load32_splat(a);
    s0 = multiplyAdd(x, v128.load(b), s0);
    s1 = multiplyAdd(x, v128.load(b, 16), s1);
    const y = v128.load32_splat(a + aColumn);
    t0 = multiplyAdd(y, v128.load(b + bRow), t0);
    t1 = multiplyAdd(y, v128.load(b + bRow, 16), t1);
    a += 2 * aColumn;
    b += 2 * bRow;
  }
  if (k > 0) {
    const x = v128.load32_splat(a);
    s0 = multiplyAdd(x, v128.load(b), s0);
    s1 = multiplyAdd(x, v128.load(b, 16), s1);
  }
  v128.store(c, f32x4.add(s0, t0));
  v128.store(c, f32x4.add(s1, t1), 16);
}

/** Σ aᵢ·bᵢ of numbers that lie side by side. */
export function dot(k: usize, a: usize, b: usize): f32 {
  let s = f32x4.splat(0);
  let t = s;
  for (; k >= 8; k -= 8) {
    s = multiplyAdd(v128.load(a), v128.load(b), s);
    t = multiplyAdd(v128.load(a, 16), v128.load(b, 16), t);
    a += 32;
    b += 32;
  }
  s = f32x4.add(s, t);
  let sum = f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
  for (; k > 0; k--) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4;
    b += 4;
  }
  return sum;
}
