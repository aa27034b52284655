import * as tf from '@tensorflow/tfjs';

/** Which part of a training step an op belongs to: the loss, its gradients, or what is done with them. */
export type Phase = 'forward' | 'backward' | 'update';

/** What all calls of one op in one phase took. */
export interface OpCost {
  readonly op: string;
  readonly phase: Phase;
  readonly count: number;
  readonly milliseconds: number;
}

/** What one call of a function took. */
export interface CallCost {
  readonly milliseconds: number;
  readonly ops: readonly OpCost[];
  /** Whether gradients were computed. */
  readonly gradients: boolean;
  /** Whether a variable was assigned. */
  readonly assigns: boolean;
  /** How many tensors there were before, and at most. */
  readonly tensors: { readonly before: number; readonly peak: number };
  /** Bytes of these. */
  readonly bytes: { readonly before: number; readonly peak: number };
}

interface Engine {
  readonly state: { readonly numTensors: number; readonly numBytes: number };
  gradients(...args: unknown[]): unknown;
  endTape(): void;
  trackTensor(...args: unknown[]): void;
  runKernelFunc(kernel: { readonly kernelName?: string }): unknown;
}

interface NativeBackend {
  binding: { executeOp(op: string, ...rest: readonly unknown[]): unknown };
}

/**
 * Runs `run` and tells what it took, op by op. Ops are TensorFlow's on the native backend, tfjs's kernels elsewhere; of kernels that call
 * others each has its own time only.
 */
export function meter<Result>(run: () => Result): { readonly result: Result; readonly cost: CallCost } {
  const engine = tf.engine() as unknown as Engine;
  const backend = tf.backend() as unknown as Partial<NativeBackend>;
  const costs = new Map<string, { op: string; phase: Phase; count: number; milliseconds: number }>();
  const before = { ...engine.state };
  const peak = { tensors: before.numTensors, bytes: before.numBytes };
  const inner: number[] = [];
  let phase: Phase = 'update';
  let depth = 0;
  let seen = { gradients: false, assigns: false };

  function timed<T>(op: string, execute: () => T): T {
    const own = phase;
    const start = performance.now();
    inner.push(0);
    try {
      return execute();
    } finally {
      const elapsed = performance.now() - start;
      const within = inner.pop()!;
      if (inner.length > 0) inner[inner.length - 1] += elapsed;
      const key = `${own} ${op}`;
      const cost = costs.get(key) ?? { op, phase: own, count: 0, milliseconds: 0 };
      costs.set(key, cost);
      cost.count++;
      cost.milliseconds += elapsed - within;
    }
  }

  const { gradients, endTape, trackTensor, runKernelFunc } = engine;
  const { assign } = tf.Variable.prototype;
  const restore = [
    shadow(engine, 'gradients', (...args) => {
      seen = { ...seen, gradients: true };
      if (depth++ === 0) phase = 'forward';
      try {
        return gradients.apply(engine, args);
      } finally {
        if (--depth === 0) phase = 'update';
      }
    }),
    shadow(engine, 'endTape', () => {
      endTape.call(engine);
      if (depth === 1) phase = 'backward';
    }),
    shadow(engine, 'trackTensor', (...args) => {
      trackTensor.apply(engine, args);
      peak.tensors = Math.max(peak.tensors, engine.state.numTensors);
      peak.bytes = Math.max(peak.bytes, engine.state.numBytes);
    }),
    shadow(tf.Variable.prototype, 'assign', function (this: tf.Variable, value: tf.Tensor) {
      seen = { ...seen, assigns: true };
      assign.call(this, value);
    }),
    backend.binding === undefined
      ? shadow(engine, 'runKernelFunc', (kernel) => {
          const call = () => runKernelFunc.call(engine, kernel);
          return kernel.kernelName === undefined ? call() : timed(kernel.kernelName, call);
        })
      : shadow(backend as NativeBackend, 'binding', timedBinding(backend.binding, timed)),
  ];
  const start = performance.now();
  try {
    const result = run();
    const milliseconds = performance.now() - start;
    return {
      result,
      cost: {
        milliseconds,
        ops: [...costs.values()],
        ...seen,
        tensors: { before: before.numTensors, peak: peak.tensors },
        bytes: { before: before.numBytes, peak: peak.bytes },
      },
    };
  } finally {
    for (const undo of restore.reverse()) undo();
  }
}

function timedBinding(
  binding: NativeBackend['binding'],
  timed: (op: string, execute: () => unknown) => unknown,
): NativeBackend['binding'] {
  const executeOp = (op: string, ...rest: readonly unknown[]) => timed(op, () => binding.executeOp(op, ...rest));
  return Object.create(binding, { executeOp: { value: executeOp } }) as NativeBackend['binding'];
}

/** Puts a value in place of another, and gives what undoes it. */
function shadow<T extends object, K extends keyof T>(owner: T, key: K, value: T[K]): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, key);
  Object.defineProperty(owner, key, { value, configurable: true, writable: true });
  return () => {
    if (own === undefined) delete owner[key];
    else Object.defineProperty(owner, key, own);
  };
}
