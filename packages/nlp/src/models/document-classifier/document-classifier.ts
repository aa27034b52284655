import { dropout, Linear, Module, type Random, type RandomStream } from '@heed/attention-core';
import type { Batch, BatchTensors } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { DocumentEncoder } from './document-encoder.ts';

/** A linear layer on what an encoder makes of texts. */
export class DocumentClassifier extends Module {
  readonly encoder: DocumentEncoder;
  readonly head: Linear;
  private readonly dropoutRate: number;

  constructor(encoder: DocumentEncoder, labels: number, dropoutRate: number, random: Random) {
    super();
    this.encoder = encoder;
    this.head = new Linear({ inputs: encoder.width, outputs: labels, random });
    this.dropoutRate = dropoutRate;
  }

  /** @returns logits [B, labels] */
  forward(batch: BatchTensors<Batch>, { random }: { readonly random?: RandomStream | undefined } = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const vectors = this.encoder.forward(batch, { random }); // [B, M]
      return this.head.forward(dropout(vectors, this.dropoutRate, random)) as tf.Tensor2D;
    });
  }
}
