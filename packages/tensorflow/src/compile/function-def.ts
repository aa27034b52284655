import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import type { Constant, Graph, Operation } from './graph.ts';
import type { Attribute, Binding } from './native-backend.ts';
import { opDefinition } from './op-definitions.ts';

export interface FunctionDefOptions {
  readonly name: string;
  /** Whether XLA compiles the function. */
  readonly xla: boolean;
}

/** Writes a graph as TensorFlow's FunctionDef (tensorflow/core/framework/function.proto). */
export function encodeFunctionDef(graph: Graph, binding: Binding, options: FunctionDefOptions): Uint8Array {
  const stateful = graph.nodes.filter((node): node is Operation => node.kind === 'operation' && node.stateful);
  const writer = new BinaryWriter();
  message(writer, 1, (signature) => encodeSignature(signature, graph, stateful, options.name));
  let previous: Operation | undefined;
  for (const node of graph.nodes) {
    message(writer, 3, (nodeDef) => encodeNode(nodeDef, node, binding, previous));
    // Effects happen in the order of the recording: each one waits for the one before.
    if (node.kind === 'operation' && node.stateful) previous = node;
  }
  graph.outputs.forEach(({ reference }, i) => stringEntry(writer, 4, outputName(i), reference));
  if (options.xla) attributeEntry(writer, 5, '_XlaMustCompile', (value) => value.tag(5, WireType.Varint).bool(true));
  for (const { name } of stateful) stringEntry(writer, 6, name, name);
  graph.inputs.forEach(({ shape }, i) => encodeArgumentShape(writer, i, shape));
  return writer.finish();
}

function outputName(index: number): string {
  return `result${index}`;
}

// OpDef { name = 1; input_arg = 2; output_arg = 3; is_stateful = 17; control_output = 20; }
function encodeSignature(writer: BinaryWriter, graph: Graph, stateful: readonly Operation[], name: string): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  for (const input of graph.inputs) message(writer, 2, (arg) => encodeArgument(arg, input.name, input.dtype));
  graph.outputs.forEach(({ dtype }, i) => message(writer, 3, (arg) => encodeArgument(arg, outputName(i), dtype)));
  if (stateful.length > 0) writer.tag(17, WireType.Varint).bool(true);
  for (const { name: output } of stateful) writer.tag(20, WireType.LengthDelimited).string(output);
}

// ArgDef { name = 1; type = 3; }
function encodeArgument(writer: BinaryWriter, name: string, dtype: number): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  writer.tag(3, WireType.Varint).int32(dtype);
}

// NodeDef { name = 1; op = 2; repeated input = 3; map attr = 5; }
function encodeNode(
  writer: BinaryWriter,
  node: Constant | Operation,
  binding: Binding,
  previous: Operation | undefined,
): void {
  writer.tag(1, WireType.LengthDelimited).string(node.name);
  writer.tag(2, WireType.LengthDelimited).string(node.kind === 'constant' ? 'Const' : node.op);
  if (node.kind === 'constant') {
    attributeEntry(writer, 5, 'dtype', (value) => value.tag(6, WireType.Varint).int32(node.dtype));
    attributeEntry(writer, 5, 'value', (value) => message(value, 8, (tensor) => encodeTensor(tensor, node, binding)));
    return;
  }
  for (const { reference } of node.inputs) writer.tag(3, WireType.LengthDelimited).string(reference);
  if (node.stateful && previous) writer.tag(3, WireType.LengthDelimited).string(`^${previous.name}`);
  const { attributeTypes } = opDefinition(binding, node.op);
  for (const attribute of node.attributes) {
    const type = attributeTypes.get(attribute.name);
    // Some kernels pass attributes that their op does not have; the eager runtime disregards them, a function may not.
    if (type !== undefined)
      attributeEntry(writer, 5, attribute.name, (value) => encodeAttribute(value, type, attribute));
  }
}

// AttrValue { ListValue list = 1; bytes s = 2; int64 i = 3; float f = 4; bool b = 5; DataType type = 6; shape = 7; }
// ListValue has the same numbers.
function encodeAttribute(writer: BinaryWriter, type: string, attribute: Attribute): void {
  const element = /^list\((.*)\)$/.exec(type)?.[1];
  if (element === undefined) {
    encodeScalarAttribute(writer, type, attribute.value);
    return;
  }
  const values = Array.isArray(attribute.value) ? (attribute.value as Attribute['value'][]) : [attribute.value];
  message(writer, 1, (list) => values.forEach((value) => encodeScalarAttribute(list, element, value)));
}

function encodeScalarAttribute(writer: BinaryWriter, type: string, value: Attribute['value']): void {
  if (type === 'string') writer.tag(2, WireType.LengthDelimited).string(String(value));
  else if (type === 'int') writer.tag(3, WireType.Varint).int64(Number(value));
  else if (type === 'float') writer.tag(4, WireType.Bit32).float(Number(value));
  else if (type === 'bool') writer.tag(5, WireType.Varint).bool(Boolean(value));
  else if (type === 'type') writer.tag(6, WireType.Varint).int32(Number(value));
  else if (type === 'shape') message(writer, 7, (shape) => encodeShape(shape, value as readonly number[]));
  else throw new Error(`compile: an attribute must be a string, number, boolean, dtype or shape, got ${type}`);
}

// TensorShapeProto { repeated Dim dim = 2 { int64 size = 1; } }
function encodeShape(writer: BinaryWriter, shape: readonly number[]): void {
  for (const size of shape) message(writer, 2, (dimension) => dimension.tag(1, WireType.Varint).int64(size));
}

// TensorProto { dtype = 1; tensor_shape = 2; bytes tensor_content = 4; float_val = 5; int_val = 7; string_val = 8;
// bool_val = 11; } A single value of the right dtype is repeated to fill the shape.
function encodeTensor(writer: BinaryWriter, constant: Constant, binding: Binding): void {
  const { dtype, values } = constant;
  writer.tag(1, WireType.Varint).int32(dtype);
  message(writer, 2, (shape) => encodeShape(shape, constant.shape));
  if (Array.isArray(values)) {
    for (const bytes of values) writer.tag(8, WireType.LengthDelimited).bytes(bytes);
  } else if (!constant.repeated) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    writer.tag(4, WireType.LengthDelimited).bytes(bytes);
  } else if (dtype === binding.TF_FLOAT) {
    writer.tag(5, WireType.Bit32).float(values[0]!);
  } else if (dtype === binding.TF_INT32) {
    writer.tag(7, WireType.Varint).int32(values[0]!);
  } else {
    writer.tag(11, WireType.Varint).bool(values[0] === 1);
  }
}

// FunctionDef.arg_attr = 7: map<uint32, ArgAttrs { map<string, AttrValue> attr = 1; }>. XLA and the graph optimizer want
// to know the shapes that the function is called with.
function encodeArgumentShape(writer: BinaryWriter, index: number, shape: readonly number[]): void {
  message(writer, 7, (entry) => {
    entry.tag(1, WireType.Varint).uint32(index);
    message(entry, 2, (attributes) =>
      attributeEntry(attributes, 1, '_output_shapes', (value) =>
        message(value, 1, (list) => message(list, 7, (one) => encodeShape(one, shape))),
      ),
    );
  });
}

function message(writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

function stringEntry(writer: BinaryWriter, field: number, key: string, value: string): void {
  message(writer, field, (entry) => {
    entry.tag(1, WireType.LengthDelimited).string(key);
    entry.tag(2, WireType.LengthDelimited).string(value);
  });
}

function attributeEntry(writer: BinaryWriter, field: number, key: string, write: (value: BinaryWriter) => void): void {
  message(writer, field, (entry) => {
    entry.tag(1, WireType.LengthDelimited).string(key);
    message(entry, 2, write);
  });
}
