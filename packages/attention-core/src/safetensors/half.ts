/** Two-byte floating-point numbers, by their bits: JavaScript on Node 20 has no array of them. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** IEEE half precision: sign, 5 exponent bits, 10 fraction bits. Exact. */
export function float16ToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest half, ties to even; 65520 and above become infinite. */
export function numberToFloat16(value: number): number {
  float[0] = value;
  const sign = (bits[0] >>> 16) & 0x8000;
  const magnitude = bits[0] & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65536 and above
  if (magnitude < 0x38800000) {
    // Below 2⁻¹⁴ halves are multiples of 2⁻²⁴: adding ½ puts that very grid on float32's last bits, which rounds to even.
    float[0] = Math.abs(float[0]) + 0.5;
    return sign | (bits[0] - 0x3f000000);
  }
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}

/** bfloat16 is float32's upper half. Exact. */
export function bfloat16ToNumber(half: number): number {
  bits[0] = half << 16;
  return float[0];
}

/** The nearest bfloat16, ties to even. */
export function numberToBfloat16(value: number): number {
  float[0] = value;
  if (Number.isNaN(value)) return ((bits[0] >>> 16) & 0x8000) | 0x7fc0;
  return (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) >>> 16;
}
