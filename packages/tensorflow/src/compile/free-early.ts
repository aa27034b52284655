import * as tf from '@tensorflow/tfjs';

import { override } from './override.ts';

interface TapeNode {
  readonly inputs: tf.NamedTensorMap;
  readonly saved?: readonly tf.Tensor[];
  readonly outputs: readonly tf.Tensor[];
  gradient?: (dys: readonly (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

/** The parts of tfjs's engine that compute gradients; both are private there. */
interface Differentiating {
  readonly state: { readonly gradientDepth: number; readonly activeTape: TapeNode[] };
  addTapeNode(...args: unknown[]): void;
  gradients(f: () => tf.Tensor, xs: readonly tf.Tensor[], dy?: tf.Tensor, ...more: unknown[]): unknown;
}

/**
 * Has tfjs let go of tensors as soon as its gradients need them no more: what was saved for an op once its gradient is there, the gradients
 * that have been passed on, and what gradient functions made on their way. tfjs itself holds all of it until the last gradient is there,
 * twice what a replay needs at its peak. Gradients of gradients are left alone.
 *
 * @returns what ends it
 */
export function freeGradientsEarly(): (() => void)[] {
  const engine = tf.engine();
  const differentiating = engine as unknown as Differentiating;
  const { addTapeNode, gradients } = differentiating;
  const { customGrad } = engine;
  let run: Backpropagation | undefined;
  return [
    override(differentiating, 'gradients', (f, xs, dy, ...more) => {
      const outer = run;
      run = new Backpropagation(xs, dy);
      try {
        return gradients.call(engine, f, xs, dy, ...more);
      } finally {
        run = outer;
      }
    }),
    override(differentiating, 'addTapeNode', (...args) => {
      addTapeNode.apply(engine, args);
      const [, , outputs] = args; // who repairs the tape may leave a node out, or put it elsewhere
      const node = differentiating.state.activeTape.findLast((one) => one.outputs === outputs);
      if (node?.gradient === undefined) return;
      const { gradient } = node;
      node.gradient = (dys) => {
        const once = differentiating.state.gradientDepth === 0;
        return once && run !== undefined ? run.pass(node, dys, gradient(dys)) : gradient(dys);
      };
    }),
    override(engine, 'customGrad', <T extends tf.Tensor>(fn: Parameters<typeof customGrad<T>>[0]) =>
      customGrad.call<typeof engine, [typeof fn], (...args: Parameters<typeof fn>) => T>(engine, (...args) => {
        const { value, gradFunc } = fn(...args);
        return { value, gradFunc: (dy: T, saved: tf.Tensor[]) => tf.tidy(() => gradFunc(dy, saved)) };
      }),
    ),
  ];
}

/** Gradients on their way from the result back to what was asked for. */
class Backpropagation {
  /** Tensors whose gradients are the result: these stay. */
  readonly #wanted: ReadonlySet<number>;
  readonly #given: tf.Tensor | undefined;
  /** Tensors that have a gradient; further ones are added to it. */
  readonly #reached = new Set<number>();
  /** How many tensors a gradient is waiting for: a gradient function may hand on the one that it was handed. */
  readonly #waiting = new Map<tf.Tensor, number>();
  #free: () => void = () => {};

  constructor(wanted: readonly tf.Tensor[], given: tf.Tensor | undefined) {
    this.#wanted = new Set(wanted.map(({ id }) => id));
    this.#given = given;
  }

  /** The gradients of a node's inputs; what they were made from goes when the next node's turn comes. */
  pass(
    node: TapeNode,
    dys: readonly (tf.Tensor | null)[],
    gradients: Record<string, () => tf.Tensor>,
  ): Record<string, () => tf.Tensor> {
    this.#free();
    for (const dy of dys) if (dy !== null && !this.#waiting.has(dy)) this.#waiting.set(dy, 1); // the first one of all
    const made = new Set<tf.Tensor>();
    const added: tf.Tensor[] = [];
    this.#free = () => {
      for (const tensor of node.saved ?? []) if (!made.has(tensor)) tensor.dispose();
      dys.forEach((dy, i) => {
        if (dy !== null && !this.#wanted.has(node.outputs[i]!.id)) this.#finish(dy);
      });
      for (const tensor of added) this.#finish(tensor);
    };
    return Object.fromEntries(
      Object.entries(gradients).map(([name, gradient]) => [
        name,
        () => {
          const dx = gradient();
          made.add(dx);
          this.#waiting.set(dx, (this.#waiting.get(dx) ?? 0) + 1);
          const { id } = node.inputs[name]!;
          if (this.#reached.has(id)) added.push(dx);
          this.#reached.add(id);
          return dx;
        },
      ]),
    );
  }

  #finish(tensor: tf.Tensor): void {
    const waiting = (this.#waiting.get(tensor) ?? 1) - 1;
    this.#waiting.set(tensor, waiting);
    if (waiting > 0 || tensor === this.#given) return;
    this.#waiting.delete(tensor);
    tensor.dispose();
  }
}
