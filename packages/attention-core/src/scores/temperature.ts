import * as tf from '@tensorflow/tfjs';
import { wholeRegion } from '../masks/mask.ts';
import { changeScores, unfoldHeads, type Score } from './score.ts';

/**
 * score / t: weights are sharper for t < 1 and flatter for t > 1 (Hinton et al. 2015).
 *
 * @param t a positive number, or a tensor (a learned one, perhaps): a scalar, or [H] with one temperature for each head, as in
 *   Swin Transformer V2
 * @throws if t is a number and not positive, or a tensor of another rank
 */
export function temperature(score: Score, t: number | tf.Tensor): Score {
  if (t instanceof tf.Tensor ? t.rank > 1 : !(t > 0)) {
    const received = t instanceof tf.Tensor ? `[${t.shape}]` : t;
    throw new Error(`temperature: t must be a positive number, a scalar or [H], got ${received}`);
  }
  if (!(t instanceof tf.Tensor) || t.rank === 0) {
    const divided = changeScores(score, 'temperature', (scores) => tf.div(scores, t));
    if (score.asProducts === undefined) return divided;
    return {
      ...divided,
      asProducts: (query, key) => {
        const products = score.asProducts!(query, key);
        if (!(t instanceof tf.Tensor)) return { ...products, scale: products.scale / t };
        return { ...products, query: tf.div(products.query, t) };
      },
    };
  }
  return changeScores(
    score,
    'temperature',
    (scores, region = wholeRegion(scores.shape.at(-2)!, scores.shape.at(-1)!)) => {
      const unfolded = unfoldHeads(scores, region); // [B, H, L, S]
      return tf.reshape(tf.div(unfolded, tf.reshape(t, [-1, 1, 1])), scores.shape);
    },
  );
}
