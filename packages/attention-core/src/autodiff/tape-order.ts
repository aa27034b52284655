/**
 * Repairs of tfjs's tape, for gradients of gradients.
 *
 * - An op that keeps its own result for its gradient (sigmoid, tanh, softmax, `customGrad`) keeps a clone, and the clone stands on the
 *   tape before the op that made what it is a clone of. Going back, tfjs meets the op first, and what the gradient owes to its result is lost
 *   without a word: the second derivative of tf.sigmoid is wrong in tfjs 4.22. Here the op goes before what it keeps.
 * - A comparison has no gradient, and a tape that has one in it cannot be gone back at all. Its result is as good as a constant.
 */
import * as tf from '@tensorflow/tfjs';
import { tapeState } from './captured.ts';

interface Taping {
  addTapeNode(...given: unknown[]): void;
}

const COMPARISONS: readonly unknown[] = ['Equal', 'NotEqual', 'Greater', 'Less', 'LessEqual'];

const engine = tf.engine() as unknown as Taping;
const { addTapeNode } = engine;

engine.addTapeNode = function (this: Taping, ...given) {
  const { activeTape, gradientDepth } = tapeState();
  if (COMPARISONS.includes(given[0])) return;
  addTapeNode.apply(this, given);
  if (gradientDepth < 2 || activeTape === null) return;
  const node = activeTape.pop()!;
  const kept = new Set(node.saved.map(({ id }) => id));
  let place = activeTape.length;
  while (place > 0 && kept.has(activeTape[place - 1].outputs[0].id)) place--;
  activeTape.splice(place, 0, node);
};
