import { describe, expect, it } from 'vitest';
import golden from './half.golden.json' with { type: 'json' };
import { bfloat16ToNumber, float16ToNumber, numberToBfloat16, numberToFloat16 } from './half.ts';

const numbers = Array.from(new Float32Array(Uint32Array.from(golden.float32Bits).buffer));

describe('two-byte floats', () => {
  it('a number is rounded to the half that PyTorch gives', () => {
    expect(numbers.map(numberToFloat16)).toEqual(golden.float16Bits);
  });

  it('a number is rounded to the bfloat16 that PyTorch gives', () => {
    expect(numbers.map(numberToBfloat16)).toEqual(golden.bfloat16Bits);
  });

  it('every half and bfloat16 but NaN comes back as the same bits', () => {
    const all = Array.from({ length: 65536 }, (_, bits) => bits);
    const changed = (toNumber: (bits: number) => number, fromNumber: (value: number) => number) =>
      all.filter((bits) => !Number.isNaN(toNumber(bits)) && fromNumber(toNumber(bits)) !== bits);
    expect(changed(float16ToNumber, numberToFloat16)).toEqual([]);
    expect(changed(bfloat16ToNumber, numberToBfloat16)).toEqual([]);
  });

  it('NaN stays NaN', () => {
    expect(float16ToNumber(numberToFloat16(NaN))).toBeNaN();
    expect(bfloat16ToNumber(numberToBfloat16(NaN))).toBeNaN();
  });
});
