import * as tf from '@tensorflow/tfjs';
import type { Bias } from '../biases/bias.ts';
import { recordMap } from '../maps/capture.ts';
import type { Mask, Range } from '../masks/mask.ts';
import { allowedIn } from './attention-call.ts';
import { ranges } from './block-plan.ts';
import { atPositions, blockRegion, rawScores, visibilityOf, type Scoring } from './block-scores.ts';

/** Offers the weights to `capture`: made again, block by block, for just the heads and queries that are asked for. */
export function recordBlockwiseMap(
  scoring: Scoring,
  { query, key }: { query: tf.Tensor; key: tf.Tensor },
  blockSize: number,
): void {
  const { name, normaliser, operands } = scoring.call;
  recordMap(name, (heads, positions) => {
    const asked = heads === undefined ? { scoring, query, key } : selectHeads(scoring, query, key, heads);
    const { call } = asked.scoring;
    const blocks = positions === undefined ? ranges(0, operands.queryLength, blockSize) : runs(positions);
    const rows = blocks.map((queries) =>
      tf.tidy(() => {
        const region = blockRegion(operands, queries, { start: 0, end: operands.keyLength });
        const scores = rawScores(asked.scoring, atPositions(asked.query, queries), asked.key, region);
        const weights = normaliser.weights(scores, visibilityOf(call, allowedIn(call, region), scores)); // [B, H, queries, S]
        return asked.heads === undefined ? weights : atHeads(weights, asked.heads);
      }),
    );
    return (rows.length === 1 ? rows[0] : tf.concat(rows, 2)) as tf.Tensor4D;
  });
}

interface AskedHeads {
  readonly scoring: Scoring;
  readonly query: tf.Tensor;
  readonly key: tf.Tensor;
  /** Those of the weights still to be taken, where scores could not be made for them alone. */
  readonly heads?: readonly number[];
}

function selectHeads(scoring: Scoring, query: tf.Tensor, key: tf.Tensor, heads: readonly number[]): AskedHeads {
  // a score may have weights for each head, which only it can choose among
  if (!scoring.products) return { scoring, query, key, heads };
  const { operands, bias, mask } = scoring.call;
  const shared = operands.heads / operands.keyValueHeads;
  const call = {
    ...scoring.call,
    operands: { ...operands, heads: heads.length, keyValueHeads: heads.length },
    bias: bias && ofHeads<Bias>(bias, { values: (region) => atHeads(bias.values(region), heads) }),
    mask: mask && ofHeads<Mask>(mask, { allowed: (region) => atHeads(mask.allowed(region), heads) }),
  };
  const keyHeads = heads.map((head) => Math.floor(head / shared));
  return { scoring: { ...scoring, call }, query: atHeads(query, heads), key: atHeads(key, keyHeads) };
}

/** `whole` with another method; its own are kept, whatever it is made of. */
function ofHeads<T extends object>(whole: T, changed: Partial<T>): T {
  return Object.assign(Object.create(whole) as T, changed);
}

/** Some of the heads of [B, H, ·, ·]; what is the same for all heads stays as it is. */
function atHeads(x: tf.Tensor, heads: readonly number[]): tf.Tensor {
  if (x.rank < 4 || (x.shape[1] === 1 && heads.some((head) => head > 0))) return x;
  return tf.gather(x, tf.tensor1d([...heads], 'int32'), 1);
}

/** Neighbours among the asked queries together, in the order in which they are asked for. */
function runs(positions: readonly number[]): Range[] {
  const found: Range[] = [];
  for (const position of positions) {
    const last = found.at(-1);
    if (last?.end === position) found[found.length - 1] = { ...last, end: position + 1 };
    else found.push({ start: position, end: position + 1 });
  }
  return found;
}
