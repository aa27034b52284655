import type { Compiled, CompileOptions, Compiler } from '@heed/training';
import type * as tf from '@tensorflow/tfjs';
import { meter, type CallCost, type OpCost, type Phase } from './meter.ts';

/** Where the steps of one training went. Counts and times are means over the metered steps. */
export interface StepProfile {
  /** How many steps there were, and how many of them were run op by op and metered. */
  readonly steps: number;
  readonly metered: number;
  readonly eager: {
    readonly milliseconds: number;
    readonly operations: number;
    readonly phases: readonly PhaseCost[];
    /** By time, the longest first. */
    readonly ops: readonly OpCost[];
    /** What no op accounts for: JavaScript. */
    readonly outsideMilliseconds: number;
  };
  /**
   * Absent where steps are not compiled, or the run was too short. Time is the median of the replays, operations are the nodes of the
   * last recording, its constants included.
   */
  readonly compiled?: { readonly milliseconds: number; readonly operations: number; readonly steps: number };
  /** Tensors between steps and at the peak of one, and their bytes. */
  readonly memory: {
    readonly tensors: number;
    readonly bytes: number;
    readonly peakTensors: number;
    readonly peakBytes: number;
  };
}

interface PhaseCost {
  readonly phase: Phase;
  readonly operations: number;
  readonly milliseconds: number;
}

/** A part of a step that went through `compile`: gradients and update, or both in one. */
interface Part {
  readonly made: number;
  readonly metered: CallCost[];
  readonly replays: number[];
  operations: number | undefined;
  calls: number;
}

interface Training {
  readonly gradients: Part;
  update: Part | undefined;
}

/** The first call allocates and warms up. */
const WARM_UP = 1;
const METERED = 5;

/**
 * Looks at training steps where they pass through `compile` of @heed/training: the first calls of a function that computes gradients or
 * assigns variables are run op by op and metered, the later ones compiled.
 */
export class StepProfiler {
  private readonly trainings: Training[] = [];
  private made = 0;

  /** @param inner what compiles; undefined where the backend cannot */
  constructor(private readonly inner: Compiler | undefined) {}

  /** To be installed by `installCompiler`. */
  readonly compiler: Compiler = <A extends unknown[], R extends tf.TensorContainer>(
    fn: (...args: A) => R,
    options: CompileOptions = {},
  ): Compiled<A, R> => {
    const part: Part = { made: this.made++, metered: [], replays: [], operations: undefined, calls: 0 };
    let recorded = false;
    const compiled = this.inner?.(fn, {
      ...options,
      onRecord: (recording) => {
        recorded = true;
        part.operations = recording.operations;
        options.onRecord?.(recording);
      },
    });
    let trains: boolean | undefined;
    const call = (...args: A): R => {
      part.calls++;
      if (trains !== false && part.calls <= WARM_UP + METERED) {
        const { result, cost } = meter(() => fn(...args));
        trains ??= this.enrol(part, cost);
        if (part.calls > WARM_UP) part.metered.push(cost);
        return result;
      }
      recorded = false;
      const start = performance.now();
      const result = (compiled ?? fn)(...args);
      if (!recorded) part.replays.push(performance.now() - start);
      return result;
    };
    return Object.defineProperties(call, {
      dispose: { value: () => compiled?.dispose() },
      recordings: { get: () => compiled?.recordings ?? 0 },
    }) as Compiled<A, R>;
  };

  /** One for each training, in the order in which they began. Trainings of a single step have nothing to tell. */
  profiles(): StepProfile[] {
    return this.trainings
      .filter(({ gradients }) => gradients.metered.length > 0)
      .map((training) => profileOf(training, this.inner !== undefined));
  }

  /** Whether it is part of a training step, and of which training. */
  private enrol(part: Part, { gradients, assigns }: CallCost): boolean {
    if (gradients) {
      this.trainings.push({ gradients: part, update: undefined });
      return true;
    }
    if (!assigns) return false;
    const open = this.trainings.findLast(({ gradients, update }) => gradients.made < part.made && update === undefined);
    if (open === undefined) return false;
    open.update = part;
    return true;
  }
}

function profileOf({ gradients, update }: Training, compiles: boolean): StepProfile {
  const parts = update === undefined ? [gradients] : [gradients, update];
  const steps = gradients.metered.length;
  const total = (of: (cost: CallCost) => number) =>
    parts.reduce((sum, part) => sum + part.metered.reduce((all, cost) => all + of(cost), 0), 0) / steps;
  const ops = mergeOps(
    parts.flatMap(({ metered }) => metered.flatMap((cost) => cost.ops)),
    steps,
  );
  const milliseconds = total((cost) => cost.milliseconds);
  const replays = Math.min(...parts.map((part) => part.replays.length));
  const costs = parts.flatMap(({ metered }) => metered);
  return {
    steps: gradients.calls,
    metered: steps,
    eager: {
      milliseconds,
      operations: sum(ops, 'count'),
      phases: (['forward', 'backward', 'update'] as const).map((phase) => {
        const own = ops.filter((op) => op.phase === phase);
        return { phase, operations: sum(own, 'count'), milliseconds: sum(own, 'milliseconds') };
      }),
      ops,
      outsideMilliseconds: milliseconds - sum(ops, 'milliseconds'),
    },
    ...(compiles && replays > 0
      ? {
          compiled: {
            milliseconds: parts.reduce((all, part) => all + median(part.replays), 0),
            operations: parts.reduce((all, part) => all + (part.operations ?? 0), 0),
            steps: replays,
          },
        }
      : {}),
    memory: {
      tensors: gradients.metered.at(-1)!.tensors.before,
      bytes: gradients.metered.at(-1)!.bytes.before,
      peakTensors: Math.max(...costs.map(({ tensors }) => tensors.peak)),
      peakBytes: Math.max(...costs.map(({ bytes }) => bytes.peak)),
    },
  };
}

/** Costs of the same op in the same phase together, as means per step. */
function mergeOps(ops: readonly OpCost[], steps: number): OpCost[] {
  const merged = new Map<string, OpCost>();
  for (const { op, phase, count, milliseconds } of ops) {
    const key = `${phase} ${op}`;
    const known = merged.get(key) ?? { op, phase, count: 0, milliseconds: 0 };
    merged.set(key, {
      op,
      phase,
      count: known.count + count / steps,
      milliseconds: known.milliseconds + milliseconds / steps,
    });
  }
  return [...merged.values()].sort((one, other) => other.milliseconds - one.milliseconds);
}

function sum(ops: readonly OpCost[], field: 'count' | 'milliseconds'): number {
  return ops.reduce((total, op) => total + op[field], 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
