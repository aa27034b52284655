/**
 * Just enough of ONNX's protobuf format (onnx.proto3) to write a graph of plain ops with its weights: field numbers are those of
 * ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto and ValueInfoProto.
 */
type Field = readonly [number: number, value: number | string | Uint8Array | Float | readonly Field[]];

class Float {
  constructor(readonly value: number) {}
}

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Whole numbers are written as such, others as floats. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** The shape of a float32 tensor, or of an int64 one. */
export type OnnxShape = readonly number[] | { readonly int64: readonly number[] };

export interface OnnxTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

const FLOAT32 = 1;
const INT64 = 7;
const ATTRIBUTE = { float: 1, integer: 2, integers: 7 } as const;

/**
 * @param inputs by name
 * @param output name and shape of the one result, float32
 * @param weights by name
 */
export function onnxModel(
  nodes: readonly OnnxNode[],
  inputs: Readonly<Record<string, OnnxShape>>,
  output: readonly [name: string, shape: readonly number[]],
  weights: Readonly<Record<string, OnnxTensor>> = {},
): Uint8Array {
  const graph: readonly Field[] = [
    ...nodes.map((node): Field => [1, nodeFields(node)]),
    [2, 'graph'],
    ...Object.entries(weights).map(([name, tensor]): Field => [5, tensorFields(name, tensor)]),
    ...Object.entries(inputs).map(([name, shape]): Field => [11, valueFields(name, shape)]),
    [12, valueFields(...output)],
  ];
  return message([
    [1, 8], // ir_version
    [8, [[2, 17]]], // opset
    [7, graph],
  ]);
}

function nodeFields({ op, inputs, output, attributes = {} }: OnnxNode): readonly Field[] {
  return [
    ...inputs.map((name): Field => [1, name]),
    [2, output],
    [4, op],
    ...Object.entries(attributes).map(([name, value]): Field => [5, [[1, name], ...attributeFields(value)]]),
  ];
}

function attributeFields(value: number | readonly number[]): readonly Field[] {
  if (typeof value !== 'number') {
    return [...value.map((each): Field => [8, each]), [20, ATTRIBUTE.integers]];
  }
  if (Number.isInteger(value)) {
    return [
      [3, value],
      [20, ATTRIBUTE.integer],
    ];
  }
  return [
    [2, new Float(value)],
    [20, ATTRIBUTE.float],
  ];
}

function tensorFields(name: string, { shape, values }: OnnxTensor): readonly Field[] {
  return [
    ...shape.map((size): Field => [1, size]),
    [2, values instanceof Float32Array ? FLOAT32 : INT64],
    [8, name],
    [9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)],
  ];
}

function valueFields(name: string, shape: OnnxShape): readonly Field[] {
  const [type, sizes] = 'int64' in shape ? [INT64, shape.int64] : [FLOAT32, shape];
  const dimensions = sizes.map((size): Field => [1, [[1, size]]]);
  const tensor: readonly Field[] = [
    [1, type],
    [2, dimensions],
  ];
  return [
    [1, name],
    [2, [[1, tensor]]],
  ];
}

function message(fields: readonly Field[]): Uint8Array {
  return joined(fields.map(field));
}

function field([number, value]: Field): Uint8Array {
  if (typeof value === 'number') return joined([varint(number * 8), varint(value)]);
  if (value instanceof Float) {
    return joined([varint(number * 8 + 5), new Uint8Array(Float32Array.of(value.value).buffer)]);
  }
  const bytes =
    typeof value === 'string' ? new TextEncoder().encode(value) : value instanceof Uint8Array ? value : message(value);
  return joined([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** @param value negative ones in two's complement of 64 bits, as protobuf has them */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
  return Uint8Array.of(...bytes, Number(rest));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
