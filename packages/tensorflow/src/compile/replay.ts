import { randomUUID } from 'node:crypto';

import type * as tf from '@tensorflow/tfjs';

import { encodeFunctionDef } from './function-def.ts';
import { disposeCaptures } from './graph-builder.ts';
import type { Input } from './graph.ts';
import type { Guard } from './hooks.ts';
import { describeLine, type JavascriptLine } from './javascript-line.ts';
import {
  nativeBackend,
  type Attribute,
  type Binding,
  type NativeBackend,
  type TensorMetadata,
} from './native-backend.ts';
import type { Recording } from './record.ts';
import { replaceTensors } from './structure.ts';

/** Ops that complain of indices; the lines that asked for them are remembered, to be named in the error. */
const indexingOps = /Gather|Scatter/;

/**
 * TensorFlow's executor that runs ops one after another on one thread. The default one hands each op, and each input, to a pool of threads
 * where others might run beside it: ops that use all processors gain nothing by it, and small steps pay for it.
 */
const IN_ORDER = 'SINGLE_THREADED_EXECUTOR';

/** A recording, registered with TensorFlow as one function. Of the graph itself nothing is kept. */
export class Replay<Result> {
  readonly #name: string;
  readonly #function: string;
  readonly #binding: Binding;
  readonly #attributes: readonly Attribute[];
  #inOrder: boolean;
  readonly #inputs: readonly Input[];
  readonly #outputs: number;
  readonly #result: Result;
  readonly #results: Recording<Result>['results'];
  readonly #assigned: readonly tf.Variable[];
  readonly #guards: readonly Pick<Guard, 'line' | 'limits'>[];
  readonly #handles = new Map<tf.Variable, { readonly data: object; readonly id: number }>();
  readonly #lines: ReadonlyMap<string, JavascriptLine>;

  constructor(recording: Recording<Result>, options: { readonly name: string; readonly xla: boolean }) {
    const { binding } = nativeBackend();
    const { graph } = recording;
    this.#name = options.name;
    this.#function = `heed_${options.name.replace(/\W/g, '_')}_${randomUUID().replaceAll('-', '')}`;
    this.#binding = binding;
    this.#attributes = options.xla ? [{ name: '_XlaMustCompile', type: binding.TF_ATTR_BOOL, value: true }] : [];
    this.#inOrder = !options.xla;
    this.#inputs = graph.inputs;
    this.#outputs = graph.outputs.length;
    this.#result = recording.result;
    this.#results = recording.results;
    this.#assigned = recording.assigned;
    this.#guards = recording.guards.map(({ line, limits }) => ({ line, limits }));
    const indexing = graph.nodes.filter((node) => node.kind === 'operation' && indexingOps.test(node.op));
    this.#lines = new Map(indexing.map(({ name, line }) => [name, line]));
    binding.addFunctionDef(encodeFunctionDef(graph, binding, { name: this.#function, xla: options.xla }));
  }

  /** Runs the function: one call into TensorFlow. Variables are assigned only where nothing failed. */
  run(tensors: readonly tf.Tensor[]): Result {
    const backend = nativeBackend();
    const outputs = this.#execute(this.#inputs.map((input) => this.#handleOf(input, tensors, backend)));
    const results = this.#results.size;
    const flags = outputs.slice(results + this.#assigned.length);
    this.#checkGuards(outputs, flags);
    for (const { id } of flags) this.#binding.deleteTensor(id);
    this.#assigned.forEach((variable, i) => {
      const value = backend.createOutputTensor(outputs[results + i]!);
      variable.assign(value);
      value.dispose();
    });
    const made = new Map<tf.Tensor, tf.Tensor>();
    for (const [tensor, { output, dtype }] of this.#results) {
      made.set(tensor, backend.createOutputTensor({ ...outputs[output]!, dtype }));
    }
    return replaceTensors(this.#result, (tensor) => made.get(tensor)!);
  }

  dispose(): void {
    this.#binding.removeFunction(this.#function);
    disposeCaptures(this.#inputs, this.#binding);
  }

  #handleOf({ origin }: Input, tensors: readonly tf.Tensor[], backend: NativeBackend): number {
    if (origin.kind === 'captured') return origin.id;
    if (origin.kind === 'argument') {
      const tensor = tensors[origin.index]!;
      if (tensor.isDisposed) {
        throw new Error(`compile: the arguments of ${this.#name} must not be disposed, got tensor ${origin.index} so`);
      }
      return backend.getInputTensorIds([tensor])[0]!;
    }
    if (origin.variable.isDisposed) {
      throw new Error(`compile: the variables of ${this.#name} must not be disposed, got ${origin.variable.name} so`);
    }
    return this.#handleOfVariable(origin.variable, backend);
  }

  /** Looked up once for each value of a variable: models have hundreds, and most calls change none. */
  #handleOfVariable(variable: tf.Variable, backend: NativeBackend): number {
    const known = this.#handles.get(variable);
    if (known?.data === variable.dataId) return known.id;
    const id = backend.getInputTensorIds([variable])[0]!;
    this.#handles.set(variable, { data: variable.dataId, id });
    return id;
  }

  #execute(ids: number[]): TensorMetadata[] {
    const run = (attributes: readonly Attribute[]) =>
      this.#binding.executeOp(this.#function, attributes, ids, this.#outputs);
    if (this.#inOrder) {
      try {
        return run([{ name: 'executor_type', type: this.#binding.TF_ATTR_STRING, value: IN_ORDER }]);
      } catch {
        // once more, by the executor that names the op which failed
      }
    }
    try {
      const outputs = run(this.#attributes);
      this.#inOrder = false; // it has ops that need more than one thread
      return outputs;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const node = /\{\{node (?:[^}]*\/)?(node\d+)\}\}/.exec(message)?.[1];
      const line = node === undefined ? undefined : this.#lines.get(node);
      const reason = message.replace(/^Invalid TF_Status: \d+\nMessage: /, '').split('\n')[0];
      throw new Error(`compile: ${this.#name} must run, got ${reason}${line ? ` ${describeLine(line)}` : ''}`, {
        cause: error,
      });
    }
  }

  #checkGuards(outputs: readonly TensorMetadata[], flags: readonly TensorMetadata[]): void {
    const failed = flags.findIndex(({ id }) => this.#binding.tensorDataSync(id)[0] === 1);
    if (failed < 0) return;
    for (const { id } of outputs) this.#binding.deleteTensor(id);
    const { line, limits } = this.#guards[failed]!;
    const ranges = limits.map((limit) => `[0, ${limit})`).join(' × ');
    throw new Error(`compile: indices in ${this.#name} must lie in ${ranges}, got one outside ${describeLine(line)}`);
  }
}
