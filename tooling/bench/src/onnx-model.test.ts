import { describe, expect, it } from 'vitest';
import { onnxModel } from './references/onnx-model.ts';

describe('onnxModel', () => {
  it('writes the bytes that protobuf asks for', () => {
    const model = onnxModel([{ op: 'Neg', inputs: ['x'], output: 'y' }], { x: [2, 300] }, ['y', [2, 300]]);
    const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
    const shape = [0x0a, 2, 0x08, 2, 0x0a, 3, 0x08, 0xac, 2]; // dim { dim_value: 2 } dim { dim_value: 300 }
    const type = [0x0a, 4 + shape.length, 0x08, 1, 0x12, shape.length, ...shape]; // tensor_type { elem_type: FLOAT shape }
    const value = (name: string) => [0x0a, ...text(name), 0x12, type.length, ...type];
    const node = [0x0a, ...text('x'), 0x12, ...text('y'), 0x22, ...text('Neg')];
    const field = (tag: number, bytes: readonly number[]) => [tag, bytes.length, ...bytes];
    const graph = [
      field(0x0a, node),
      [0x12, ...text('graph')],
      field(0x5a, value('x')),
      field(0x62, value('y')),
    ].flat();
    expect([...model]).toEqual([0x08, 8, 0x42, 2, 0x10, 17, 0x3a, graph.length, ...graph]);
  });

  it('writes weights as raw data, and attributes by their kind', () => {
    const attributes = { axis: -1, epsilon: 0.5, perm: [1, 0] };
    const weights = { w: { shape: [2], values: Float32Array.of(1, -2) } };
    const model = Buffer.from(
      onnxModel([{ op: 'Op', inputs: ['w'], output: 'y', attributes }], {}, ['y', [2]], weights),
    );
    const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
    const minusOne = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]; // two's complement of 64 bits
    const attribute = (name: string, value: number[], type: number) => {
      const fields = [0x0a, ...text(name), ...value, 0xa0, 0x01, type];
      return Buffer.from([0x2a, fields.length, ...fields]);
    };
    expect(model.includes(attribute('axis', [0x18, ...minusOne], 2))).toBe(true);
    expect(model.includes(attribute('epsilon', [0x15, 0, 0, 0, 0x3f], 1))).toBe(true); // 0.5 is 0x3f000000
    expect(model.includes(attribute('perm', [0x40, 1, 0x40, 0], 7))).toBe(true);
    const tensor = [0x08, 2, 0x10, 1, 0x42, ...text('w'), 0x4a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]; // 1 and −2
    expect(model.includes(Buffer.from([0x2a, tensor.length, ...tensor]))).toBe(true);
  });
});
