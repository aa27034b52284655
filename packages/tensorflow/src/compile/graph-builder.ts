import type { Variable } from '@tensorflow/tfjs';

import type { Constant, Graph, Input, Operation, Origin, Source } from './graph.ts';
import { describeLine, markLine } from './javascript-line.ts';
import { copyHandle, type Attribute, type Binding, type TensorMetadata, type TensorValues } from './native-backend.ts';
import { countTensors, inferAttributes, opDefinition } from './op-definitions.ts';

/** Larger tensors are captured as inputs; up to this many elements they become part of the function. */
const constantElements = 1024;

/** Ops whose result has a shape that depends on values, while the JavaScript around them reads the shape only once. */
const shapedByValues = new Set(['Where', 'Unique', 'UniqueV2', 'UniqueWithCounts', 'ListDiff', 'BooleanMask']);
for (const version of ['', 'V2', 'V3', 'V4', 'V5']) shapedByValues.add(`NonMaxSuppression${version}`);

/**
 * Turns what passes through the binding into a {@link Graph}. A tensor handle's number is never used twice and what it
 * holds never changes, so a number says exactly which output of which node a tensor is.
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #binding: Binding;
  /** Handles with greater numbers were made while recording. */
  readonly #lastOutside: number;
  readonly #variables = new Map<number, Variable>();
  /** What is known of handles from outside, and of large tensors that were made from values. */
  readonly #outside = new Map<number, TensorMetadata>();
  readonly #sources = new Map<number, Source>();
  readonly #constants = new Map<string, Source>();
  /** Tensors made from values, until something uses them. */
  readonly #unused = new Map<number, Omit<Constant, 'kind' | 'name'>>();
  readonly #inputs: Input[] = [];
  readonly #nodes: (Constant | Operation)[] = [];

  constructor(name: string, binding: Binding) {
    this.#name = name;
    this.#binding = binding;
    this.#lastOutside = binding.createTensor([], binding.TF_INT32, new Int32Array(1));
    binding.deleteTensor(this.#lastOutside);
  }

  addArgument(index: number, { id, dtype, shape }: TensorMetadata): void {
    this.#addInput(id, dtype, shape, { kind: 'argument', index }, true);
  }

  /** Says that a handle holds a variable's value; it becomes an input once it is used. */
  addVariable(metadata: TensorMetadata, variable: Variable): void {
    this.#variables.set(metadata.id, variable);
    this.#outside.set(metadata.id, metadata);
  }

  /** Says what a handle is that is about to be used; only those from outside are of interest. */
  describeHandle(metadata: TensorMetadata): void {
    if (metadata.id <= this.#lastOutside) this.#outside.set(metadata.id, metadata);
  }

  /** A tensor made from JavaScript values. `whole`: it was made while recording, so repeated values may be told once. */
  addConstant(id: number, shape: readonly number[], dtype: number, values: TensorValues, whole: boolean): void {
    const small = values.length <= constantElements;
    const repeated = !small && whole && isRepeated(values, dtype, this.#binding);
    if (!small && !repeated) {
      // Captured at its first use, as one from outside: a tensor that comes to the device now is one of those in the next recording.
      this.#outside.set(id, { id, dtype, shape: [...shape] });
      return;
    }
    const kept = copyOf(repeated ? values.slice(0, 1) : values);
    this.#unused.set(id, { dtype, shape: [...shape], values: kept, repeated, line: markLine() });
  }

  /** Throws for an op that cannot be replayed, before it runs. */
  refuseOperation(op: string, inputs: readonly Source[]): void {
    opDefinition(this.#binding, op);
    if (!shapedByValues.has(op) || !inputs.some((input) => input.dependent)) return;
    throw new Error(
      `compile: the shape of a tensor must not depend on values, got ${op} ${describeLine(markLine())} in ${this.#name}`,
    );
  }

  addOperation(
    op: string,
    given: readonly Attribute[],
    inputs: readonly Source[],
    results: readonly TensorMetadata[],
  ): void {
    const line = markLine();
    const definition = opDefinition(this.#binding, op);
    const dependent = definition.stateful || inputs.some((input) => input.dependent);
    const dtypes = inputs.map(({ dtype }) => dtype);
    const inferred = inferAttributes(definition, given, dtypes, this.#binding);
    const attributes = [...given.map((attribute) => ({ ...attribute })), ...inferred];
    const name = `node${this.#nodes.length}`;
    const node: Operation = { kind: 'operation', name, op, attributes, inputs, stateful: definition.stateful, line };
    this.#nodes.push(node);
    const values = new Map(attributes.map((attribute) => [attribute.name, attribute.value]));
    const counts = countTensors(definition.outputs, values, results.length);
    let position = 0;
    definition.outputs.forEach((argument, i) => {
      for (let index = 0; index < counts[i]! && position < results.length; index++, position++) {
        const { id, dtype } = results[position]!;
        this.#sources.set(id, { node, reference: `${name}:${argument.name}:${index}`, dtype, dependent });
      }
    });
  }

  /** What a handle stands for. One from outside becomes an input, or a constant where it is small. */
  sourceOf(id: number): Source {
    const known = this.#sources.get(id);
    if (known) return known;
    const constant = this.#unused.get(id);
    if (constant) return this.#useConstant(id, constant);
    const outside = this.#outside.get(id);
    if (!outside) {
      throw new Error(
        `compile: every op of ${this.#name} must go through the backend's binding as it is at that moment, ` +
          `got a tensor that was made past it ${describeLine(markLine())}`,
      );
    }
    const variable = this.#variables.get(id);
    if (variable) return this.#addInput(id, outside.dtype, outside.shape, { kind: 'variable', variable }, true);
    return this.#addOutside(outside);
  }

  /** Whether a handle's value may differ from call to call. */
  isDependent(id: number): boolean {
    return this.#variables.has(id) || (this.#sources.get(id)?.dependent ?? false);
  }

  finish(outputs: readonly Source[]): Graph {
    return { inputs: this.#inputs, nodes: this.#nodes, outputs };
  }

  /** Lets go of the handles that it holds. */
  dispose(): void {
    disposeCaptures(this.#inputs, this.#binding);
  }

  #addInput(id: number, dtype: number, shape: readonly number[], origin: Origin, dependent: boolean): Source {
    const node: Input = { kind: 'input', name: `input${this.#inputs.length}`, dtype, shape: [...shape], origin };
    this.#inputs.push(node);
    const source: Source = { node, reference: node.name, dtype, dependent };
    this.#sources.set(id, source);
    return source;
  }

  /** The same value in the same shape is one node, placed where it is used first. */
  #useConstant(id: number, constant: Omit<Constant, 'kind' | 'name'>): Source {
    const { dtype, shape, values } = constant;
    const key = `${dtype}|${shape.join()}|${contentKey(values)}`;
    let source = this.#constants.get(key);
    if (!source) {
      const node: Constant = { kind: 'constant', name: `constant${this.#nodes.length}`, ...constant };
      this.#nodes.push(node);
      source = { node, reference: `${node.name}:output:0`, dtype, dependent: false };
      this.#constants.set(key, source);
    }
    this.#sources.set(id, source);
    return source;
  }

  #addOutside(metadata: TensorMetadata): Source {
    const { TF_FLOAT, TF_INT32, TF_BOOL, TF_STRING } = this.#binding;
    const { id, dtype, shape } = metadata;
    const size = shape.reduce((product, length) => product * length, 1);
    if (size > constantElements || ![TF_FLOAT, TF_INT32, TF_BOOL, TF_STRING].includes(dtype)) {
      const origin: Origin = { kind: 'captured', id: copyHandle(this.#binding, metadata), original: id };
      return this.#addInput(id, dtype, shape, origin, false);
    }
    this.addConstant(id, shape, dtype, this.#binding.tensorDataSync(id), false);
    return this.sourceOf(id);
  }
}

/** Lets go of the handles that captured inputs hold. */
export function disposeCaptures(inputs: readonly Input[], binding: Binding): void {
  for (const { origin } of inputs) if (origin.kind === 'captured') binding.deleteTensor(origin.id);
}

function isRepeated(values: TensorValues, dtype: number, binding: Binding): boolean {
  if (Array.isArray(values) || ![binding.TF_FLOAT, binding.TF_INT32, binding.TF_BOOL].includes(dtype)) return false;
  // By bits: 0 and -0 differ, a NaN is like itself.
  const bits =
    values instanceof Uint8Array ? values : new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);
  const first = bits[0];
  for (let i = 1; i < bits.length; i++) if (bits[i] !== first) return false;
  return true;
}

function copyOf(values: TensorValues): TensorValues {
  return Array.isArray(values) ? values.map((bytes) => bytes.slice()) : values.slice();
}

function contentKey(values: TensorValues): string {
  if (Array.isArray(values)) return values.map((bytes) => Buffer.from(bytes).toString('base64')).join();
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}
