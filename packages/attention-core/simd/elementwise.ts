import { multiplyAdd } from './multiply-add';

const LOG2E: f32 = 1.4426950408889634;
// ln 2 in two parts, of which the first has few bits: n · high is exact
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;
/** Beyond these exp is 0 (denormal numbers left out) or infinite in float32. */
const LOWEST: f32 = -87.33654;
const HIGHEST: f32 = 88.72283;

/** exp(x) of four numbers. Relative error below 2e-7: the polynomial of Cephes' expf. */
export function exponential(x: v128): v128 {
  const clamped = f32x4.min(f32x4.max(x, f32x4.splat(LOWEST)), f32x4.splat(HIGHEST));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(LOG2E)));
  let r = multiplyAdd(n, f32x4.splat(-LN2_HIGH), clamped);
  r = multiplyAdd(n, f32x4.splat(-LN2_LOW), r);
  let p = multiplyAdd(r, f32x4.splat(1.9875691e-4), f32x4.splat(1.3981999e-3));
  p = multiplyAdd(p, r, f32x4.splat(8.333452e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1665796e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666666e-1));
  p = multiplyAdd(p, r, f32x4.splat(0.5));
  p = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  // times 2ⁿ in two steps, because 2¹²⁸ is no float32 although e^88.7 is
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const scaled = f32x4.mul(f32x4.mul(p, power(half)), power(i32x4.sub(whole, half)));
  const small = f32x4.lt(x, f32x4.splat(LOWEST));
  const large = f32x4.gt(x, f32x4.splat(HIGHEST));
  return v128.bitselect(f32x4.splat(Infinity), v128.andnot(scaled, small), large);
}

/** 2ⁿ of four integers between −126 and 127. */
function power(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** tanh(x) of four numbers: the rational function that Eigen uses, within 3e-7 of the truth. */
function hyperbolicTangent(x: v128): v128 {
  const c = f32x4.min(f32x4.max(x, f32x4.splat(-7.9053111)), f32x4.splat(7.9053111));
  const square = f32x4.mul(c, c);
  let p = multiplyAdd(square, f32x4.splat(-2.7607684e-16), f32x4.splat(2.000188e-13));
  p = multiplyAdd(p, square, f32x4.splat(-8.604672e-11));
  p = multiplyAdd(p, square, f32x4.splat(5.122297e-8));
  p = multiplyAdd(p, square, f32x4.splat(1.4857224e-5));
  p = multiplyAdd(p, square, f32x4.splat(6.372619e-4));
  p = multiplyAdd(p, square, f32x4.splat(4.8935246e-3));
  let q = multiplyAdd(square, f32x4.splat(1.1982584e-6), f32x4.splat(1.1853471e-4));
  q = multiplyAdd(q, square, f32x4.splat(2.2684347e-3));
  q = multiplyAdd(q, square, f32x4.splat(4.893525e-3));
  return f32x4.div(f32x4.mul(c, p), q);
}

/** The four numbers at x, or the first `count` of them. */
export function loadSome(x: usize, count: usize): v128 {
  if (count >= 4) return v128.load(x);
  const first = v128.load32_zero(x);
  if (count == 1) return first;
  const two = v128.load32_lane(x, first, 1, 4);
  return count == 2 ? two : v128.load32_lane(x, two, 2, 8);
}

export function storeSome(y: usize, values: v128, count: usize): void {
  if (count >= 4) {
    v128.store(y, values);
    return;
  }
  v128.store32_lane(y, values, 0);
  if (count > 1) v128.store32_lane(y, values, 1, 4);
  if (count > 2) v128.store32_lane(y, values, 2, 8);
}

/** exp of `count` numbers, from x to y. */
export function exp(x: usize, y: usize, count: usize): void {
  for (let left: isize = count; left > 0; left -= 4, x += 16, y += 16) {
    storeSome(y, exponential(loadSome(x, left)), left);
  }
}

/** tanh of `count` numbers, from x to y. */
export function tanh(x: usize, y: usize, count: usize): void {
  for (let left: isize = count; left > 0; left -= 4, x += 16, y += 16) {
    storeSome(y, hyperbolicTangent(loadSome(x, left)), left);
  }
}
