/** Ways in which a position can learn of others, as layers of one width, forward and backward. */
import {
  attention,
  causal,
  LstmCell,
  mergeHeads,
  Linear,
  Random,
  RecurrentLayer,
  slidingWindow,
  splitHeads,
  weight,
  type Mask,
} from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

interface Case {
  readonly layer: 'attention' | 'window' | 'lstm' | 'convolution';
  readonly length: number;
  readonly width: number;
  /** How many positions a window spans, or a filter. */
  readonly span?: number;
}

type Layer = (x: tf.Tensor3D) => tf.Tensor;

export function prepare({ layer, length, width, span = 1 }: Case): () => tf.Tensor {
  const random = new Random(7);
  const x = tf.tensor3d(random.normals(length * width), [1, length, width]);
  const run = makers[layer](width, random, span);
  const gradient = tf.grad((x: tf.Tensor) => tf.sum(run(x as tf.Tensor3D)));
  return () => gradient(x);
}

const makers: Record<Case['layer'], (width: number, random: Random, span: number) => Layer> = {
  attention: (width, random) => selfAttention(width, random, causal()),
  window: (width, random, span) => selfAttention(width, random, slidingWindow(span - 1, 0)),
  lstm: (width, random) => {
    const layer = new RecurrentLayer(new LstmCell({ inputs: width, hiddenWidth: width, random }));
    return (x) => layer.forward(x).outputs;
  },
  convolution: (width, random, span) => {
    const bound = 1 / Math.sqrt(span * width);
    const filter = weight<tf.Rank.R3>(random.uniforms(span * width * width, -bound, bound), [span, width, width]);
    return (x) => tf.conv1d(x, filter, 1, 'same');
  },
};

function selfAttention(width: number, random: Random, mask: Mask): Layer {
  const HEADS = 4;
  const [query, key, value, output] = [0, 1, 2, 3].map(() => new Linear({ inputs: width, outputs: width, random }));
  return (x) => {
    const [q, k, v] = [query, key, value].map((linear) => splitHeads(linear.forward(x), HEADS));
    return output.forward(mergeHeads(attention({ query: q, key: k, value: v, mask })));
  };
}
