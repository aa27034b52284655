import type { PredictedImage } from './image-classifier-config.ts';

/** What logits say: softmax of them divided by the temperature. */
export function predictedImage(labels: readonly string[], logits: Float32Array, temperature: number): PredictedImage {
  const most = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const best = logits.indexOf(most);
  return {
    label: labels[best],
    probability: weights[best] / sum,
    probabilities: Object.fromEntries(labels.map((label, i) => [label, weights[i] / sum])),
  };
}

/** The mean of −log p(label), in nats. */
export function meanLoss(predictions: readonly PredictedImage[], expected: readonly string[]): number {
  const losses = predictions.map(({ probabilities }, i) => -Math.log(Math.max(probabilities[expected[i]], 1e-38)));
  return losses.reduce((sum, value) => sum + value, 0) / predictions.length;
}
