import { compile, crossEntropy, type Compiled } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { NodeModel } from '../../models/graph-model/graph-model.ts';
import type { GraphTensors } from '../graph-tensors.ts';
import type { NodeMeasures } from './node-classifier-config.ts';
import type { LabelledNodes } from './node-data.ts';

/** Loss and accuracy on some nodes of a graph that stays on the device, as often as asked. */
export class NodeMeasurement {
  private readonly chosen: tf.Tensor1D;
  private readonly labels: tf.Tensor1D;
  private readonly compiled: Compiled<[], tf.Tensor1D>;

  constructor(model: NodeModel, { x, edges }: GraphTensors, { nodes, labels }: LabelledNodes) {
    this.chosen = tf.tensor1d(nodes, 'int32');
    this.labels = tf.tensor1d(labels, 'int32');
    this.compiled = compile(() =>
      tf.tidy(() => {
        const logits = tf.gather(model.forward(x, edges), this.chosen); // [chosen, classes]
        const right = tf.cast(tf.equal(tf.cast(tf.argMax(logits, 1), 'int32'), this.labels), 'float32');
        return tf.stack([crossEntropy(logits, this.labels), tf.mean(right)]) as tf.Tensor1D;
      }),
    );
  }

  async run(): Promise<NodeMeasures> {
    const both = this.compiled();
    const [loss, accuracy] = await both.data();
    both.dispose();
    return { loss, accuracy };
  }

  dispose(): void {
    this.compiled.dispose();
    tf.dispose([this.chosen, this.labels]);
  }
}
