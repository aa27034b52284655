import { withGradient } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

export interface CtcInputs {
  /** float32 [B, T, V] */
  readonly logits: tf.Tensor3D;
  /** int32 [B]: steps of each sound, from 1 to T. */
  readonly lengths: tf.Tensor1D;
  /** int32 [B, L]: what was said; what stands after its end does not count. */
  readonly targets: tf.Tensor2D;
  /** int32 [B]: symbols of each target, from 0 to L. */
  readonly targetLengths: tf.Tensor1D;
  /** The symbol that stands for nothing. Default 0. */
  readonly blank?: number;
}

/** The logarithm of no probability; finite, so that differences of such are numbers. */
const NEVER = -1e30;

/**
 * Connectionist temporal classification (Graves et al. 2006): −ln of the probability of all ways to say a target, each step giving a symbol, the one before once
 * more, or nothing.
 *
 * Both directions are computed as one batch of 2·B, and brought to a common scale at each step, so that long sounds lose no digits. Agrees with
 * `torch.nn.functional.ctc_loss(…, reduction='none', zero_infinity=True)`.
 *
 * @returns [B], in nats; 0 without a gradient where a target does not fit its sound, which needs a step for each symbol and one more between equal ones (`ctcFits`);
 *   NaN where a symbol is out of range or the blank
 * @throws if the shapes do not fit
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { ctcLoss } from '@heed/speech';
 * const ints = (values: number[]) => tf.tensor1d(values, 'int32');
 * const logits = tf.zeros<tf.Rank.R3>([1, 2, 2]); // two steps, each 'nothing' or 'a': a·, ·a and aa are ways to say 'a'
 * ctcLoss({ logits, lengths: ints([2]), targets: tf.tensor2d([[1]], [1, 1], 'int32'), targetLengths: ints([1]) }).print(); // −ln(3/4) = 0.2877
 * ```
 */
export function ctcLoss({ logits, lengths, targets, targetLengths, blank = 0 }: CtcInputs): tf.Tensor1D {
  const [batch, steps, symbols] = logits.shape;
  if (targets.shape[0] !== batch || lengths.shape[0] !== batch || targetLengths.shape[0] !== batch || steps < 1) {
    throw new Error(
      `ctcLoss: logits [B, T, V], lengths [B], targets [B, L] and targetLengths [B] must fit, got [${logits.shape}], [${lengths.shape}], [${targets.shape}], [${targetLengths.shape}]`,
    );
  }
  if (!(blank >= 0 && blank < symbols))
    throw new Error(`ctcLoss: blank must be one of ${symbols} symbols, got ${blank}`);
  const loss = withGradient(
    [logits],
    (logits) => {
      const { losses, slopes } = tf.tidy(() =>
        forwardBackward(logits as tf.Tensor3D, { lengths, targets, targetLengths }, blank),
      );
      return { value: losses, saved: [slopes] };
    },
    (dy, [slopes]) => [tf.mul(slopes, tf.reshape(dy, [batch, 1, 1]))],
  );
  return loss as tf.Tensor1D;
}

/**
 * Whether a target can be said in so many steps: it needs one for each symbol, and one more between equal ones.
 *
 * @example
 * ```ts
 * import { ctcFits } from '@heed/speech';
 * ctcFits([1, 1], 2); // false: nothing must come between
 * ```
 */
export function ctcFits(target: ArrayLike<number>, steps: number): boolean {
  let needed = target.length;
  for (let i = 1; i < target.length; i++) if (target[i] === target[i - 1]) needed++;
  return steps >= Math.max(1, needed);
}

type Sizes = Omit<CtcInputs, 'logits' | 'blank'>;

/** Losses [B], and their slopes by the logits [B, T, V]. */
function forwardBackward(logits: tf.Tensor3D, { lengths, targets, targetLengths }: Sizes, blank: number) {
  const [batch, steps, symbols] = logits.shape;
  const states = 2 * targets.shape[1] + 1; // nothing, then each symbol and nothing
  const number = (value: number) => tf.scalar(value, 'int32');
  const range = (count: number) => tf.range(0, count, 1, 'int32');
  const blanks = tf.mul(tf.onesLike(targets), number(blank));
  const between = tf.reshape(tf.stack([blanks, targets], 2), [batch, states - 1]);
  const labels = tf.pad(
    between,
    [
      [0, 0],
      [0, 1],
    ],
    blank,
  ); // [B, S]
  const stateCounts = tf.add(tf.mul(targetLengths, number(2)), number(1)); // [B]
  const isState = tf.less(range(states), tf.expandDims(stateCounts, 1)); // [B, S]
  const isStep = tf.less(range(steps), tf.expandDims(lengths, 1)); // [B, T]
  const chosen = tf.mul(tf.oneHot(labels, symbols), tf.cast(tf.expandDims(isState, 2), 'float32')) as tf.Tensor3D; // [B, S, V]

  const logProbabilities = tf.logSoftmax(logits);
  const finite = tf.maximum(logProbabilities, NEVER);
  const said = tf.matMul(finite, tf.transpose(chosen, [0, 2, 1])); // [B, T, S]
  const emissions = tf.where(tf.expandDims(isState, 1), said, NEVER);

  // the same read backwards, from each sound's last step and last state
  const backSteps = tf.where(
    isStep,
    tf.sub(tf.expandDims(tf.sub(lengths, number(1)), 1), range(steps)),
    tf.tile(tf.expandDims(range(steps), 0), [batch, 1]),
  );
  const backStates = tf.where(
    isState,
    tf.sub(tf.expandDims(tf.sub(stateCounts, number(1)), 1), range(states)),
    tf.tile(tf.expandDims(range(states), 0), [batch, 1]),
  );
  const turn = (x: tf.Tensor) => {
    const rows = tf.mul(range(batch), number(steps)); // [B]
    const places = tf.mul(tf.add(tf.reshape(rows, [batch, 1, 1]), tf.expandDims(backSteps, 2)), number(states)); // [B, T, 1]
    const flat = tf.reshape(tf.add(places, tf.expandDims(backStates, 1)), [-1]) as tf.Tensor1D;
    return tf.reshape(tf.gather(tf.reshape(x, [-1]), flat), [batch, steps, states]);
  };
  const both = tf.concat([emissions, turn(emissions)], 0); // [2B, T, S]
  const before = tf.concat([labels, turnRows(labels, backStates)], 0); // [2B, S]
  const { reached, scale } = walk(both, before, tf.concat([isStep, isStep], 0), blank);

  const [forward, backward] = tf.split(reached, 2, 0);
  const ends = tf.logicalAnd(isState, tf.greaterEqual(range(states), tf.expandDims(tf.sub(stateCounts, number(2)), 1))); // [B, S]
  const last = tf.squeeze(tf.slice(forward, [0, steps - 1, 0], [-1, 1, -1]), [1]); // frozen at each sound's end: [B, S]
  const ended = tf.logSumExp(tf.where(ends, last, NEVER), 1); // [B]
  const fits = tf.greater(ended, NEVER / 10);
  const total = tf.add(ended, tf.slice(scale, [0], [batch]));
  const inRange = tf.logicalAnd(
    tf.logicalAnd(tf.greaterEqual(targets, number(0)), tf.less(targets, number(symbols))),
    tf.notEqual(targets, number(blank)),
  );
  const counts = tf.less(range(targets.shape[1]), tf.expandDims(targetLengths, 1));
  const known = tf.all(tf.logicalOr(tf.logicalNot(counts), inRange), 1); // [B]
  const negative = tf.where(fits, tf.neg(total), tf.zerosLike(total));
  const losses = tf.where(known, negative, NaN);

  const shares = tf.softmax(tf.sub(tf.add(forward, turn(backward)), emissions)); // of each state at each step
  const occupied = tf.matMul(shares as tf.Tensor3D, chosen); // [B, T, V]
  const counted = tf.logicalAnd(isStep, tf.expandDims(tf.logicalAnd(fits, known), 1)); // [B, T]
  const difference = tf.sub(tf.exp(logProbabilities), occupied);
  const slopes = tf.where(tf.expandDims(counted, 2), difference, tf.zerosLike(difference));
  return { losses, slopes };
}

/** Each row's entries in the given order. @param x int32 [B, S] @param order int32 [B, S] */
function turnRows(x: tf.Tensor, order: tf.Tensor): tf.Tensor {
  const [batch, width] = x.shape as [number, number];
  const rows = tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(width, 'int32'));
  const flat = tf.reshape(tf.add(tf.expandDims(rows, 1), order), [-1]) as tf.Tensor1D;
  return tf.reshape(tf.gather(tf.reshape(x, [-1]), flat), [batch, width]);
}

/**
 * How likely each state is at each step, from the first on.
 *
 * @param emissions [N, T, S]
 * @param labels int32 [N, S]
 * @param isStep [N, T]: where it is not, all stays
 * @returns logarithms [N, T, S], at each step but for a number that they share, and the sum of those numbers [N]
 */
function walk(emissions: tf.Tensor, labels: tf.Tensor, isStep: tf.Tensor, blank: number) {
  const [rows, steps, states] = emissions.shape as [number, number, number];
  const behind = (x: tf.Tensor, count: number, filling: number) =>
    tf.slice(tf.pad(x, [[0, 0], [count, 0]], filling), [0, 0], [rows, states]); // prettier-ignore
  const differs = tf.notEqual(labels, behind(labels, 2, blank));
  const mayLeap = tf.logicalAnd(differs, tf.notEqual(labels, tf.scalar(blank, 'int32'))); // over nothing, between symbols that differ
  const starts = tf.tile(tf.expandDims(tf.less(tf.range(0, states, 1, 'int32'), tf.scalar(2, 'int32')), 0), [rows, 1]);
  const at = (step: number) => tf.squeeze(tf.slice(emissions, [0, step, 0], [-1, 1, -1]), [1]); // [N, S]
  const scaled = (x: tf.Tensor) => {
    const most = tf.max(x, 1, true); // [N, 1]
    return { x: tf.sub(x, most), most };
  };
  const first = scaled(tf.where(starts, at(0), NEVER));
  let [current, scale] = [first.x, first.most];
  const reached = [current];
  for (let step = 1; step < steps; step++) {
    const leapt = tf.where(mayLeap, behind(current, 2, NEVER), NEVER);
    const next = behind(current, 1, NEVER);
    const most = tf.maximum(tf.maximum(current, next), leapt);
    const sum = tf.addN([current, next, leapt].map((x) => tf.exp(tf.sub(x, most))));
    const moved = scaled(tf.add(tf.add(most, tf.log(sum)), at(step)));
    const real = tf.slice(isStep, [0, step], [-1, 1]); // [N, 1]
    current = tf.where(real, moved.x, current);
    scale = tf.add(scale, tf.where(real, moved.most, tf.zerosLike(moved.most)));
    reached.push(current);
  }
  return { reached: tf.stack(reached, 1), scale: tf.squeeze(scale, [1]) };
}
