import { areaUnderRoc, averagePrecision } from '@heed/tasks';
import * as tf from '@tensorflow/tfjs';
import { checkEdges } from '../../graph/graph-data.ts';
import type { LinkPairs } from '../../graph/split-edges.ts';
import type { NodeModel } from '../../models/graph-model/graph-model.ts';
import type { GraphTensors } from '../graph-tensors.ts';
import type { LinkMeasures } from './link-predictor-config.ts';

/** @throws unless there are links and other pairs, all of nodes of the graph */
export function checkPairs(owner: string, { positive, negative }: LinkPairs, nodes: number): void {
  for (const [name, list] of [
    ['links', positive],
    ['pairs without a link', negative],
  ] as const) {
    checkEdges(owner, list, nodes);
    if (list.sources.length === 0) throw new Error(`${owner}: there must be ${name} to measure on, got none`);
  }
}

/** Dot products of the embeddings of each pair: [pairs]. */
export function pairLogits(embeddings: tf.Tensor, sources: tf.Tensor1D, targets: tf.Tensor1D): tf.Tensor {
  return tf.sum(tf.mul(tf.gather(embeddings, sources), tf.gather(embeddings, targets)), 1);
}

/** Binary cross-entropy, links and others counting the same. */
export function linkLoss(positives: tf.Tensor, negatives: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.mean(tf.softplus(tf.neg(positives))), tf.mean(tf.softplus(negatives))), 0.5);
}

/** How well logits tell links from other pairs. */
export function measures(positives: Float32Array, negatives: Float32Array): LinkMeasures {
  return {
    loss: (meanSoftplus(positives, -1) + meanSoftplus(negatives, 1)) / 2,
    auc: areaUnderRoc(positives, negatives),
    averagePrecision: averagePrecision(positives, negatives),
  };
}

/** The same of a model, on a graph that stays on the device. */
export async function measureLinks(
  model: NodeModel,
  { x, edges }: GraphTensors,
  { positive, negative }: LinkPairs,
): Promise<LinkMeasures> {
  const logits = tf.tidy(() => {
    const embeddings = model.forward(x, edges); // [N, embeddingWidth]
    return [positive, negative].map(({ sources, targets }) =>
      pairLogits(embeddings, tf.tensor1d(sources, 'int32'), tf.tensor1d(targets, 'int32')),
    );
  });
  const [positives, negatives] = await Promise.all(logits.map((tensor) => tensor.data<'float32'>()));
  tf.dispose(logits);
  return measures(positives, negatives);
}

/** The mean of log(1 + exp(sign · logit)), which does not overflow. */
function meanSoftplus(logits: Float32Array, sign: 1 | -1): number {
  const sum = logits.reduce(
    (total, logit) => total + Math.max(sign * logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))),
    0,
  );
  return sum / logits.length;
}
