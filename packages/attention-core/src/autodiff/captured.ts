/**
 * What is needed of tfjs's engine: to know whether gradients are asked for, and for the blockwise path to find the tensors that a function reads without being given them, to have
 * them alive again in a backward pass, and to differentiate inside one.
 */
import * as tf from '@tensorflow/tfjs';

/** An op on the tape, as tfjs's engine writes it down. */
interface TapeNode {
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  readonly saved: readonly tf.Tensor[];
}

interface TapeState {
  activeTape: TapeNode[] | null;
  gradientDepth: number;
  kernelDepth: number;
}

/** Where the engine is with its gradients. */
export const tapeState = () => (tf.engine() as unknown as { readonly state: TapeState }).state;

/** Whether a gradient of what is computed now may be asked for. */
export function isDifferentiating(): boolean {
  const { gradientDepth, kernelDepth } = tapeState();
  return gradientDepth > 0 && kernelDepth === 0;
}

/** Whether a gradient of a gradient of what is computed now may be asked for. */
export function isDifferentiatingTwice(): boolean {
  const { gradientDepth, kernelDepth } = tapeState();
  return gradientDepth > 1 && kernelDepth === 0;
}

/** What `f` gives, as a constant of whatever gradient is taken. */
export function untaped<T>(f: () => T): T {
  const state = tapeState();
  state.kernelDepth++;
  try {
    return f();
  } finally {
    state.kernelDepth--;
  }
}

/**
 * The tensors that `f` reads and that were there before it: weights, lengths, anything its closures hold.
 *
 * @param f is run once, for nothing else: on as little as it can do with
 */
export function capturedBy(f: () => void): tf.Tensor[] {
  const state = tapeState();
  const { activeTape, gradientDepth, kernelDepth } = state;
  const tape: TapeNode[] = [];
  const marker = tf.scalar(0);
  const firstId = marker.id;
  marker.dispose();
  Object.assign(state, { activeTape: tape, gradientDepth: 1, kernelDepth: 0 });
  try {
    tf.tidy(() => {
      f();
    });
  } finally {
    Object.assign(state, { activeTape, gradientDepth, kernelDepth });
    for (const { saved } of tape) tf.dispose([...saved]);
  }
  const read = new Map(tape.flatMap(({ inputs }) => Object.values(inputs).map((tensor) => [tensor.id, tensor])));
  return [...read.values()].filter(({ id }) => id < firstId);
}

/**
 * Runs `run` with `originals` readable although they may have been disposed since: `kept` are clones of them, as customGrad
 * saves them, and hold the same numbers.
 */
export function withAlive<T>(originals: readonly tf.Tensor[], kept: readonly tf.Tensor[], run: () => T): T {
  const disposed = originals.flatMap((tensor, i) => (tensor.isDisposed ? [{ tensor, clone: kept[i] }] : []));
  const former = disposed.map(({ tensor }) => tensor.dataId);
  for (const { tensor, clone } of disposed) {
    Object.assign(tensor, { isDisposedInternal: false, dataId: clone.dataId });
  }
  try {
    return run();
  } finally {
    disposed.forEach(({ tensor }, i) => Object.assign(tensor, { isDisposedInternal: true, dataId: former[i] }));
  }
}

/**
 * The gradients of Σ f() ∘ dy by `inputs`, also where a gradient is being computed already (there tfjs would forget the
 * outer one).
 *
 * @returns one gradient for each input; zeros where f does not depend on it
 */
export function pullBack(f: () => tf.Tensor, inputs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  if (inputs.length === 0) return [];
  const state = tapeState();
  const { activeTape } = state;
  try {
    const { grads } = tf.engine().gradients(f, inputs, dy, true);
    return grads.map((gradient: tf.Tensor | null | undefined, i) => gradient ?? tf.zerosLike(inputs[i]));
  } finally {
    state.activeTape = activeTape;
  }
}
