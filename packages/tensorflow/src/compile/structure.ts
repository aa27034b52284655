import * as tf from '@tensorflow/tfjs';

/** What a compiled function takes and gives: tensors and plain values in arrays and plain objects. */
export interface Described {
  /** The same for two structures exactly where one recording serves both. */
  readonly key: string;
  /** The tensors in it, from left to right; variables are not among them. */
  readonly tensors: readonly tf.Tensor[];
}

const rule = 'must be made of tensors, numbers, strings, booleans, arrays and plain objects';

/**
 * Describes arguments by their structure, the dtype and shape of every tensor, and every other value.
 * A variable stands for itself, since a recording reads and writes that very variable.
 */
export function describeArguments(args: readonly unknown[]): Described {
  const tensors: tf.Tensor[] = [];
  const describe = (value: unknown, path: string): string => {
    if (value instanceof tf.Variable) return `variable ${value.id}`;
    if (value instanceof tf.Tensor) {
      tensors.push(value);
      return `${value.dtype}[${value.shape.join()}]`;
    }
    if (Array.isArray(value)) return `[${value.map((item, i) => describe(item, `${path}[${i}]`)).join()}]`;
    if (isPlainObject(value)) {
      const entries = Object.entries(value).map(
        ([key, item]) => `${JSON.stringify(key)}:${describe(item, `${path}.${key}`)}`,
      );
      return `{${entries.join()}}`;
    }
    if (typeof value === 'string') return JSON.stringify(value);
    if (Object.is(value, -0)) return '-0';
    if (typeof value === 'bigint') return `${value}n`;
    if (value === null || ['number', 'boolean', 'undefined'].includes(typeof value)) return String(value);
    throw new Error(`compile: arguments ${rule}, got ${nameOf(value)} at ${path}`);
  };
  const key = args.map((value, i) => describe(value, `arguments[${i}]`)).join();
  return { key, tensors };
}

/** Copies a structure with every tensor and variable replaced; plain values stay. */
export function replaceTensors<Value>(value: Value, replace: (tensor: tf.Tensor) => tf.Tensor): Value {
  const copy = (item: unknown): unknown => {
    if (item instanceof tf.Tensor) return replace(item);
    if (Array.isArray(item)) return item.map(copy);
    if (isPlainObject(item)) return Object.fromEntries(Object.entries(item).map(([key, part]) => [key, copy(part)]));
    return item;
  };
  return copy(value) as Value;
}

/** The tensors and variables in what a function returned. Throws where they cannot be found out again in a replay. */
export function tensorsInResult(result: unknown, name: string): tf.Tensor[] {
  const tensors: tf.Tensor[] = [];
  const visit = (value: unknown, path: string): void => {
    if (value instanceof tf.Tensor) tensors.push(value);
    else if (value instanceof Promise) throw new Error(`compile: ${name} must not be async, got a promise at ${path}`);
    else if (Array.isArray(value)) value.forEach((item, i) => visit(item, `${path}[${i}]`));
    else if (isPlainObject(value)) Object.entries(value).forEach(([key, item]) => visit(item, `${path}.${key}`));
    else if (typeof value === 'object' && value !== null) {
      throw new Error(`compile: the result of ${name} ${rule}, got ${nameOf(value)} at ${path}`);
    }
  };
  visit(result, 'result');
  return tensors;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function nameOf(value: unknown): string {
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) return `a ${value.constructor.name}`;
  return String(value);
}
