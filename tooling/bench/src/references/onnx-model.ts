/**
 * Just enough of ONNX's protobuf format (onnx.proto3) to write a graph of plain ops: field numbers are those of ModelProto, GraphProto,
 * NodeProto and ValueInfoProto.
 */
type Field = readonly [number: number, value: number | string | Uint8Array | readonly Field[]];

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
}

/** @param inputs float32 shapes by name @param output name and shape of the one result */
export function onnxModel(
  nodes: readonly OnnxNode[],
  inputs: Readonly<Record<string, readonly number[]>>,
  output: readonly [name: string, shape: readonly number[]],
): Uint8Array {
  const float32 = 1;
  const value = ([name, shape]: readonly [string, readonly number[]]): readonly Field[] => [
    [1, name],
    [
      2,
      [
        [
          1,
          [
            [1, float32],
            [2, shape.map((size): Field => [1, [[1, size]]])],
          ],
        ],
      ],
    ],
  ];
  const graph: readonly Field[] = [
    ...nodes.map(({ op, inputs, output }): Field => [
      1,
      [...inputs.map((name): Field => [1, name]), [2, output], [4, op]],
    ]),
    [2, 'graph'],
    ...Object.entries(inputs).map((input): Field => [11, value(input)]),
    [12, value(output)],
  ];
  return message([
    [1, 8], // ir_version
    [8, [[2, 17]]], // opset
    [7, graph],
  ]);
}

function message(fields: readonly Field[]): Uint8Array {
  return joined(fields.map(field));
}

function field([number, value]: Field): Uint8Array {
  if (typeof value === 'number') return joined([varint(number * 8), varint(value)]);
  const bytes =
    typeof value === 'string' ? new TextEncoder().encode(value) : value instanceof Uint8Array ? value : message(value);
  return joined([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Uint8Array.of(...bytes, value);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
