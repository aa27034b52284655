import { printableText } from '../maps/rendering/printable-text.ts';
import * as tf from '@tensorflow/tfjs';
import { isBuffer } from './buffer.ts';

/** A weight together with the path that leads to it, e.g. `encoder.layers.0.attention.query.weight`. */
export interface NamedParameter {
  readonly name: string;
  readonly variable: tf.Variable;
}

/**
 * The base of everything that has weights.
 *
 * A subclass assigns its weights (`tf.Variable`), buffers (`buffer`: saved, never trained), parts (`Module`) and lists of parts to fields; the
 * names of weights and buffers are the paths of those fields, in the order in which they were assigned. There is no other registration.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Linear, Module, Random } from '@heed/attention-core';
 *
 * class Classifier extends Module {
 *   readonly hidden: Linear;
 *   readonly output: Linear;
 *   constructor(random: Random) {
 *     super();
 *     this.hidden = new Linear({ inputs: 4, outputs: 8, random });
 *     this.output = new Linear({ inputs: 8, outputs: 3, random });
 *   }
 *   forward(x: tf.Tensor): tf.Tensor {
 *     return this.output.forward(tf.relu(this.hidden.forward(x)));
 *   }
 * }
 * const names = new Classifier(new Random(7)).namedParameters().map(({ name }) => name);
 * // ['hidden.weight', 'hidden.bias', 'output.weight', 'output.bias']
 * ```
 */
export abstract class Module {
  /** Every weight and buffer with its path; one that is reachable by several paths (tied weights) is listed once, by its first. */
  namedParameters(): NamedParameter[] {
    const found = new Map<tf.Variable, string>();
    collect(this, '', found);
    return [...found].map(([variable, name]) => ({ name, variable }));
  }

  /** The buffers among `namedParameters()`: what is saved but never trained. */
  namedBuffers(): NamedParameter[] {
    return this.namedParameters().filter(({ variable }) => isBuffer(variable));
  }

  /** The weights that training changes: all of `namedParameters()` but buffers and frozen ones (`variable.trainable === false`). */
  trainableParameters(): NamedParameter[] {
    return this.namedParameters().filter(({ variable }) => variable.trainable);
  }

  /** Number of scalar weights, frozen ones included, buffers not. */
  parameterCount(): number {
    return this.namedParameters().reduce((sum, { variable }) => sum + (isBuffer(variable) ? 0 : variable.size), 0);
  }

  /** The current weights and buffers by path. The tensors are the module's own: do not dispose them. */
  stateDict(): Record<string, tf.Tensor> {
    return Object.fromEntries(this.namedParameters().map(({ name, variable }) => [name, variable]));
  }

  /**
   * Replaces weights and buffers by those of `state`, all or nothing.
   *
   * @throws if a weight is missing, unexpected, or of another shape or dtype; the module is left as it was.
   */
  loadStateDict(state: Readonly<Record<string, tf.Tensor>>): void {
    const parameters = this.namedParameters();
    const expected = new Map(parameters.map(({ name, variable }) => [name, variable]));
    const missing = [...expected.keys()].filter((name) => !Object.hasOwn(state, name));
    const extra = Object.keys(state).filter((name) => !expected.has(name));
    if (missing.length > 0 || extra.length > 0) {
      throw new Error(
        `loadStateDict: names must match exactly, got missing=[${listed(missing)}], unexpected=[${listed(extra)}]`,
      );
    }
    for (const { name, variable } of parameters) {
      const given = state[name];
      if (given.dtype !== variable.dtype || String(given.shape) !== String(variable.shape)) {
        throw new Error(
          `loadStateDict: ${name} must be ${variable.dtype} [${variable.shape}], got ${given.dtype} [${given.shape}]`,
        );
      }
    }
    for (const { name, variable } of parameters) {
      if (state[name] === variable) continue;
      const copy = tf.clone(state[name]);
      variable.assign(copy);
      copy.dispose();
    }
  }

  /** Frees every weight and buffer. The module cannot be used afterwards. */
  dispose(): void {
    for (const { variable } of this.namedParameters()) variable.dispose();
  }
}

function listed(names: readonly string[]): string {
  return printableText(names.join(', '), { most: 2000 });
}

function collect(value: unknown, path: string, found: Map<tf.Variable, string>): void {
  if (value instanceof tf.Variable) {
    if (!found.has(value)) found.set(value, path);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => collect(item, `${path}.${index}`, found));
  } else if (value instanceof Module) {
    for (const [field, child] of Object.entries(value)) collect(child, path === '' ? field : `${path}.${field}`, found);
  }
}
