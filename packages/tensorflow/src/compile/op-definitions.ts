import { BinaryReader } from '@bufbuild/protobuf/wire';

import type { Attribute, Binding } from './native-backend.ts';

/** An input or output of an op: one tensor, or several where `numberAttribute` or `typeListAttribute` says how many. */
export interface ArgumentDefinition {
  readonly name: string;
  readonly typeAttribute?: string;
  readonly numberAttribute?: string;
  readonly typeListAttribute?: string;
}

/** TensorFlow's declaration of an op, as far as a recorder needs it. */
export interface OpDefinition {
  readonly inputs: readonly ArgumentDefinition[];
  readonly outputs: readonly ArgumentDefinition[];
  /** The declared type of each attribute: `int`, `list(type)`, … */
  readonly attributeTypes: ReadonlyMap<string, string>;
  /** Whether running it twice differs from running it once: it draws random numbers, writes a file, … */
  readonly stateful: boolean;
}

const encoded = new Map<string, Uint8Array>();
const decoded = new Map<string, OpDefinition>();

/** The declaration of an op of the native library. Throws for a name that it does not have. */
export function opDefinition(binding: Binding, op: string): OpDefinition {
  const known = decoded.get(op);
  if (known) return known;
  if (encoded.size === 0) indexOpList(binding.getAllOpList());
  const bytes = encoded.get(op);
  if (!bytes) throw new Error(`compile: an op must be in TensorFlow's library, got ${op}`);
  const definition = decodeOpDefinition(bytes);
  decoded.set(op, definition);
  return definition;
}

/** How many tensors each of the `args` stands for, given the attributes; `total` settles a single open count. */
export function countTensors(
  args: readonly ArgumentDefinition[],
  attributes: ReadonlyMap<string, Attribute['value']>,
  total: number,
): number[] {
  return args.map((arg) => {
    if (arg.numberAttribute !== undefined) {
      const count = attributes.get(arg.numberAttribute);
      return typeof count === 'number' ? count : total - (args.length - 1);
    }
    if (arg.typeListAttribute !== undefined) {
      const types = attributes.get(arg.typeListAttribute);
      return Array.isArray(types) ? types.length : total - (args.length - 1);
    }
    return 1;
  });
}

/**
 * The attributes that a kernel left out and TensorFlow's eager runtime infers from the inputs: dtypes and counts.
 * A graph function has no such inference, so they must be written down.
 */
export function inferAttributes(
  definition: OpDefinition,
  given: readonly Attribute[],
  inputDtypes: readonly number[],
  binding: Binding,
): Attribute[] {
  const values = new Map(given.map(({ name, value }) => [name, value]));
  const inferred: Attribute[] = [];
  const add = (name: string | undefined, type: number, value: Attribute['value'] | undefined) => {
    if (name === undefined || value === undefined || values.has(name)) return;
    values.set(name, value);
    inferred.push({ name, type, value });
  };
  const counts = countTensors(definition.inputs, values, inputDtypes.length);
  let position = 0;
  definition.inputs.forEach((arg, i) => {
    const count = counts[i]!;
    const dtypes = inputDtypes.slice(position, position + count);
    add(arg.numberAttribute, binding.TF_ATTR_INT, count);
    add(arg.typeAttribute, binding.TF_ATTR_TYPE, dtypes[0]);
    add(arg.typeListAttribute, binding.TF_ATTR_TYPE, dtypes);
    position += count;
  });
  return inferred;
}

// The messages, from tensorflow/core/framework/op_def.proto:
// OpList { repeated OpDef op = 1; }
// OpDef { name = 1; repeated ArgDef input_arg = 2, output_arg = 3; repeated AttrDef attr = 4; bool is_stateful = 17; }
// ArgDef { name = 1; string type_attr = 4, number_attr = 5, type_list_attr = 6; }  AttrDef { name = 1; string type = 2; }

type Field = (reader: BinaryReader) => void;

function readMessage(bytes: Uint8Array, fields: Readonly<Record<number, Field>>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const read = fields[field];
    if (read) read(reader);
    else reader.skip(wireType, field);
  }
}

function indexOpList(list: Uint8Array): void {
  readMessage(list, {
    1: (reader) => {
      const bytes = reader.bytes();
      readMessage(bytes, { 1: (op) => encoded.set(op.string(), bytes) });
    },
  });
}

function decodeOpDefinition(bytes: Uint8Array): OpDefinition {
  const inputs: ArgumentDefinition[] = [];
  const outputs: ArgumentDefinition[] = [];
  const attributeTypes = new Map<string, string>();
  let stateful = false;
  readMessage(bytes, {
    2: (reader) => inputs.push(decodeArgument(reader.bytes())),
    3: (reader) => outputs.push(decodeArgument(reader.bytes())),
    4: (reader) => {
      let name = '';
      let type = '';
      readMessage(reader.bytes(), { 1: (attr) => (name = attr.string()), 2: (attr) => (type = attr.string()) });
      attributeTypes.set(name, type);
    },
    17: (reader) => (stateful = reader.bool()),
  });
  return { inputs, outputs, attributeTypes, stateful };
}

function decodeArgument(bytes: Uint8Array): ArgumentDefinition {
  const argument: { -readonly [Key in keyof ArgumentDefinition]: ArgumentDefinition[Key] } = { name: '' };
  readMessage(bytes, {
    1: (reader) => (argument.name = reader.string()),
    4: (reader) => (argument.typeAttribute = reader.string()),
    5: (reader) => (argument.numberAttribute = reader.string()),
    6: (reader) => (argument.typeListAttribute = reader.string()),
  });
  return argument;
}
