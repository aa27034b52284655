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
});
