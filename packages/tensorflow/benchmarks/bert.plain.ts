/** The same BERT in stock tfjs. */
import { sameIntegers, sameWeight } from '@heed/bench/same-values';
import * as tf from '@tensorflow/tfjs';

interface Case {
  readonly vocabulary: number;
  readonly maximumLength: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
  readonly batch: number;
  readonly length: number;
}

type Layer = (x: tf.Tensor) => tf.Tensor;

const weight = (name: string, ...shape: number[]) => tf.tensor(sameWeight(name, shape), shape);

function linear(name: string, inputs: number, outputs: number): Layer {
  const [kernel, bias] = [weight(`${name}.weight`, inputs, outputs), weight(`${name}.bias`, outputs)];
  return (x) => {
    const rows = tf.add(tf.matMul(tf.reshape(x, [-1, inputs]), kernel as tf.Tensor2D), bias);
    return tf.reshape(rows, [...x.shape.slice(0, -1), outputs]);
  };
}

function norm(name: string, width: number): Layer {
  const [gain, bias] = [weight(`${name}.weight`, width), weight(`${name}.bias`, width)];
  return (x) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-12))), gain), bias);
  };
}

const gelu: Layer = (x) => tf.mul(tf.mul(x, tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)), 0.5);

export function prepare(given: Case): () => tf.Tensor {
  const { vocabulary, maximumLength, layers, width, heads, inner, batch, length } = given;
  const token = weight('embeddings.token.weight', vocabulary, width);
  const position = weight('embeddings.position.weight', maximumLength, width);
  const tokenType = weight('embeddings.tokenType.weight', 2, width);
  const embeddingNorm = norm('embeddings.norm', width);
  const blocks = Array.from({ length: layers }, (_, i) => ({
    projections: ['query', 'key', 'value'].map((part) => linear(`layers.${i}.attention.${part}`, width, width)),
    output: linear(`layers.${i}.attention.output`, width, width),
    attentionNorm: norm(`layers.${i}.attentionNorm`, width),
    hidden: linear(`layers.${i}.feedForward.hidden`, width, inner),
    outer: linear(`layers.${i}.feedForward.output`, inner, width),
    feedForwardNorm: norm(`layers.${i}.feedForwardNorm`, width),
  }));
  const tokens = tf.tensor2d(sameIntegers('tokens', [batch, length], vocabulary), [batch, length], 'int32');
  const real = tf.ones([batch, 1, 1, length]);
  const forward = () => {
    const types = tf.gather(tokenType, tf.zerosLike(tokens)); // [B, L, M]
    const sum = tf.add(tf.add(tf.gather(token, tokens), types), tf.slice(position, [0, 0], [length, width]));
    const mask = tf.mul(tf.sub(real, 1), 1e9); // [B, 1, 1, S]
    let x = embeddingNorm(sum); // [B, L, M]
    for (const { projections, output, attentionNorm, hidden, outer, feedForwardNorm } of blocks) {
      const [query, key, value] = projections.map((project) =>
        tf.transpose(tf.reshape(project(x), [batch, length, heads, width / heads]), [0, 2, 1, 3]),
      ); // [B, H, L, D] each
      const scores = tf.div(tf.matMul(query, key, false, true), Math.sqrt(width / heads)); // [B, H, L, S]
      const mixed = tf.transpose(tf.matMul(tf.softmax(tf.add(scores, mask)), value), [0, 2, 1, 3]);
      x = attentionNorm(tf.add(x, output(tf.reshape(mixed, [batch, length, width]))));
      x = feedForwardNorm(tf.add(x, outer(gelu(hidden(x)))));
    }
    return x;
  };
  return () => tf.tidy(forward);
}
