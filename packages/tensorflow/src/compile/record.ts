import * as tf from '@tensorflow/tfjs';

import { GraphBuilder } from './graph-builder.ts';
import { prune, type Graph } from './graph.ts';
import { type Guard, type Kept, observe } from './hooks.ts';
import { describeLine } from './javascript-line.ts';
import { copyHandle, nativeBackend, type NativeBackend, type TensorMetadata } from './native-backend.ts';
import { replaceTensors, tensorsInResult } from './structure.ts';

/** Which output of the function a tensor of the result is, and TensorFlow's dtype for it. */
interface ResultPlace {
  readonly output: number;
  readonly dtype: number;
}

/** A function that was run once, op by op, and written down. */
export interface Recording<Result> {
  /** Its outputs are those of the results, of the assigned variables, and of the guards, in this order. */
  readonly graph: Graph;
  /** What the run gave: real tensors, the caller's. */
  readonly result: Result;
  readonly results: ReadonlyMap<tf.Tensor, ResultPlace>;
  readonly assigned: readonly tf.Variable[];
  readonly guards: readonly Guard[];
  /** What the run made and left behind, so that another run will differ: variables, and tensors that were kept. */
  readonly created: readonly string[];
}

let recording = false;

/** Whether a function is being recorded now. */
export function isRecording(): boolean {
  return recording;
}

/**
 * Runs `fn` and writes down every op. The run is a real one: variables are assigned, the result is returned. Tensors that
 * it leaves behind are disposed, unless they are in the result.
 *
 * @throws where the function cannot be replayed: it reads values, draws random numbers, keeps tensors, and so on.
 */
export function record<Args extends readonly unknown[], Result>(
  fn: (...args: Args) => Result,
  args: Args,
  options: { readonly name: string; readonly xla: boolean },
): Recording<Result> {
  const { name } = options;
  const backend = nativeBackend();
  const engine = tf.engine();
  const builder = new GraphBuilder(name, backend.binding);
  const marker = tf.scalar(0);
  marker.dispose();
  const values = readVariables(backend, builder);
  const own = (tensor: tf.Tensor) => !(tensor instanceof tf.Variable) && tensor.id > marker.id;

  engine.startScope(name);
  recording = true;
  let result: Result | undefined;
  try {
    const copies = copyArguments(backend, builder, args);
    const recorded = observe(backend, builder, options, ({ kept, guards }) => {
      const raw = fn(...copies);
      const tensors = [...new Set(tensorsInResult(raw, name))];
      const assigned = assignedVariables(values, name);
      const outputs = [
        ...[...tensors, ...assigned].map((tensor) => builder.sourceOf(handleOf(backend, tensor))),
        ...guards.map(({ source }) => source),
      ];
      const graph = prune(builder.finish(outputs));
      const created = [...createdVariables(values), ...keptConstants(backend, builder, kept, tensors, name)];
      if (outputs.length === 0 && created.length === 0 && !graph.nodes.some(isStateful)) {
        throw new Error(`compile: ${name} must return a tensor or assign a variable, got ${String(raw)}`);
      }
      return { raw, tensors, assigned, guards, graph, created };
    });
    const { raw, tensors, ...rest } = recorded;
    // Everything returned belongs to the caller, so what belongs to somebody else is returned as a copy.
    const handedOut = new Map(tensors.map((tensor) => [tensor, own(tensor) ? tensor : copyOf(backend, tensor)]));
    result = replaceTensors(raw, (tensor) => handedOut.get(tensor)!);
    const results = new Map(
      tensors.map((tensor, output) => [handedOut.get(tensor)!, { output, dtype: dtypeOf(backend, tensor) }]),
    );
    return { ...rest, result, results };
  } catch (error) {
    builder.dispose();
    throw error;
  } finally {
    recording = false;
    const left = leftBehind(result);
    engine.endScope(result as tf.TensorContainer);
    blameUse(left, name);
  }
}

function isStateful(node: Graph['nodes'][number]): boolean {
  return node.kind === 'operation' && node.stateful;
}

function handleOf(backend: NativeBackend, tensor: tf.TensorInfo): number {
  return backend.getInputTensorIds([tensor])[0]!;
}

function dtypeOf(backend: NativeBackend, tensor: tf.Tensor): number {
  return backend.tensorMap.get(tensor.dataId).dtype;
}

function metadataOf(backend: NativeBackend, tensor: tf.Tensor): TensorMetadata {
  return { id: handleOf(backend, tensor), dtype: dtypeOf(backend, tensor), shape: tensor.shape };
}

/** A tensor with the same value and a handle that nothing else has. */
function copyOf(backend: NativeBackend, tensor: tf.Tensor): tf.Tensor {
  const metadata = metadataOf(backend, tensor);
  return backend.createOutputTensor({ ...metadata, id: copyHandle(backend.binding, metadata) });
}

/**
 * Tells the builder which handle holds which variable. Handles may be shared (`clone` and `assign` do so); a variable that
 * shares its handle gets one of its own, or the recorder could not tell the variable from the other tensor.
 */
function readVariables(backend: NativeBackend, builder: GraphBuilder): ReadonlyMap<tf.Variable, object> {
  const variables = Object.values(tf.engine().registeredVariables);
  for (const variable of variables) {
    if (backend.refCount(variable.dataId) > 1) {
      const copy = copyOf(backend, variable);
      variable.assign(copy);
      copy.dispose();
    }
    builder.addVariable(metadataOf(backend, variable), variable);
  }
  return new Map(variables.map((variable) => [variable, variable.dataId]));
}

/** Gives every argument a handle of its own, or f(a, a) would be recorded as a function of one argument. */
function copyArguments<Args>(backend: NativeBackend, builder: GraphBuilder, args: Args): Args {
  let index = 0;
  return replaceTensors(args, (tensor) => {
    if (tensor instanceof tf.Variable) return tensor;
    const copy = copyOf(backend, tensor);
    builder.addArgument(index++, metadataOf(backend, copy));
    return copy;
  });
}

function assignedVariables(before: ReadonlyMap<tf.Variable, object>, name: string): tf.Variable[] {
  const assigned: tf.Variable[] = [];
  for (const [variable, dataId] of before) {
    if (variable.isDisposed) throw new Error(`compile: ${name} must not dispose variables, got ${variable.name}`);
    if (variable.dataId !== dataId) assigned.push(variable);
  }
  return assigned;
}

function createdVariables(before: ReadonlyMap<tf.Variable, object>): string[] {
  return Object.values(tf.engine().registeredVariables)
    .filter((variable) => !before.has(variable))
    .map((variable) => `the variable ${variable.name}`);
}

/** The kept tensors that are the same at every call. One that is not would be stale from the next call on: an error. */
function keptConstants(
  backend: NativeBackend,
  builder: GraphBuilder,
  kept: readonly Kept[],
  results: readonly tf.Tensor[],
  name: string,
): string[] {
  const alive = kept.filter(({ tensor }) => !tensor.isDisposed && !results.includes(tensor));
  for (const { tensor, line } of alive) {
    if (!builder.isDependent(handleOf(backend, tensor))) continue;
    throw new Error(
      `compile: ${name} must give tensors out through its result only, since it runs only once, ` +
        `got tf.keep of a tensor of shape [${tensor.shape.join()}] ${describeLine(line)}`,
    );
  }
  return alive.map(({ tensor }) => `a kept tensor of shape [${tensor.shape.join()}]`);
}

/** The tensors that the end of the scope will dispose. */
function leftBehind(result: unknown): tf.Tensor[] {
  const kept = new Set(tf.engine().state.activeScope.track.filter((tensor) => !tensor.kept && !tensor.isDisposed));
  for (const tensor of result === undefined ? [] : tensorsInResult(result, '')) kept.delete(tensor);
  return [...kept];
}

/** Makes the error of whoever has held on to one of these tensors say where it came from. */
function blameUse(tensors: readonly tf.Tensor[], name: string): void {
  for (const tensor of tensors) {
    const uses = tensor as unknown as { throwIfDisposed(): void };
    uses.throwIfDisposed = () => {
      throw new Error(
        `compile: tensors leave ${name} through its result only, ` +
          `got the use of a tensor of shape [${tensor.shape.join()}] that was made while it was recorded`,
      );
    };
  }
}
