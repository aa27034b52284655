import { exponential, loadSome, storeSome } from './elementwise';

const LEAST: f32 = -3.4028234663852886e38;

/** For the first `count` of four numbers all ones, for the others zeros. */
function first(count: usize): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(i32(count)));
}

/** Four booleans, a byte each, as all ones or zeros. */
function loadBooleans(at: usize): v128 {
  const bytes = v128.load32_zero(at);
  return i32x4.ne(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)), i32x4.splat(0));
}

function sumOf(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3);
}

/**
 * Softmax of each of `rows` rows of `width` numbers over those that are allowed, the others 0; a row of which none is allowed is 0. `allowed`
 * has booleans for `period` rows, and begins again as often as there are more.
 */
export function maskedSoftmax(
  scores: usize,
  allowed: usize,
  out: usize,
  rows: usize,
  width: usize,
  period: usize,
): void {
  const hidden = f32x4.splat(-Infinity);
  for (let row: usize = 0; row < rows; row++) {
    const from = scores + row * width * 4;
    const mask = allowed + (row % period) * width;
    const to = out + row * width * 4;
    let most = f32x4.splat(LEAST);
    for (let i: usize = 0; i < width; i += 4) {
      const seen = v128.and(loadBooleans(mask + i), first(width - i));
      const visible = v128.bitselect(loadSome(from + i * 4, width - i), hidden, seen);
      most = f32x4.pmax(most, visible); // NaN is never greater
      storeSome(to + i * 4, visible, width - i);
    }
    const pair = max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1));
    const largest = f32x4.splat(max(pair, max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3))));
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < width; i += 4) {
      const e = exponential(f32x4.sub(loadSome(to + i * 4, width - i), largest));
      sums = f32x4.add(sums, v128.and(e, first(width - i)));
      storeSome(to + i * 4, e, width - i);
    }
    const sum = sumOf(sums);
    const share = f32x4.splat(sum == 0 ? 0 : 1 / sum);
    for (let i: usize = 0; i < width; i += 4) {
      storeSome(to + i * 4, f32x4.mul(loadSome(to + i * 4, width - i), share), width - i);
    }
  }
}

/** Rows of `width` numbers with 0 for those that are not finite; for each row 0 or, where there were any, NaN is added to `fault`. */
export function keepFinite(x: usize, out: usize, fault: usize, rows: usize, width: usize): void {
  const zero = f32x4.splat(0);
  for (let row: usize = 0; row < rows; row++) {
    let differences = zero;
    for (let i: usize = 0; i < width; i += 4) {
      const numbers = loadSome(x + (row * width + i) * 4, width - i);
      const difference = f32x4.sub(numbers, numbers); // ∞ − ∞ is NaN
      differences = f32x4.add(differences, difference);
      storeSome(out + (row * width + i) * 4, v128.and(numbers, f32x4.eq(difference, zero)), width - i);
    }
    store<f32>(fault + row * 4, load<f32>(fault + row * 4) + sumOf(differences));
  }
}
