/**
 * Whisper: reads half a minute of speech and writes its text.
 *
 * - Radford et al. 2022, "Robust speech recognition via large-scale weak supervision": a Transformer from log-mel frames to tokens, among which are times.
 *
 * Deviations. None in what is computed: published weights give the same numbers, and the same gradients. A sound shorter than the 30 seconds that Whisper was
 * trained on may be read as it is, which is how it is fine-tuned at a fraction of the cost; Hugging Face's has to be padded.
 */
import {
  buffer,
  capture,
  Conv1d,
  DecoderBlock,
  dropout,
  Embedding,
  EncoderBlock,
  gelu,
  LayerNorm,
  Module,
  Random,
  sinusoidalPositions,
  type KeysAndValues,
  type RandomStream,
} from '@heed/attention-core';
import { WrittenSlots, type Slots } from '@heed/tasks';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

/** What a Whisper is. JSON, and enough to make the model again. */
export interface WhisperConfig {
  /** Bands of each frame: 80, of large-v3 128. */
  readonly mels: number;
  /** V: number of tokens. */
  readonly vocabularySize: number;
  /** M: width of hidden vectors; a multiple of both numbers of heads. */
  readonly modelWidth: number;
  readonly encoderLayers: number;
  readonly encoderHeads: number;
  readonly decoderLayers: number;
  readonly decoderHeads: number;
  /** Width inside the feed-forward parts. */
  readonly feedForwardWidth: number;
  /** The longest sound, in steps of the encoder: two frames, 20 ms, each. 1500. */
  readonly maximumSteps: number;
  /** The most tokens. 448. */
  readonly maximumLength: number;
  readonly dropout: number;
}

const count = z.number().int().min(1);
const schema = z
  .strictObject({
    mels: count,
    vocabularySize: count,
    modelWidth: count.multipleOf(2),
    encoderLayers: count,
    encoderHeads: count,
    decoderLayers: count,
    decoderHeads: count,
    feedForwardWidth: count,
    maximumSteps: count,
    maximumLength: count,
    dropout: z.number().min(0).lt(1),
  })
  .refine(
    ({ modelWidth, encoderHeads, decoderHeads }) => modelWidth % encoderHeads === 0 && modelWidth % decoderHeads === 0,
    {
      path: ['modelWidth'],
      message: 'must be a multiple of heads',
    },
  );

/** Sounds and the tokens before each step: teacher forcing. */
export type WhisperBatch = {
  /** float32 [B, T, mels], an even number of frames */
  readonly features: tf.Tensor3D;
  /** int32 [B, L] */
  readonly tokens: tf.Tensor2D;
};

/** What is known of sounds throughout decoding: each layer's keys and values [B, H, S, D]. */
export type WhisperMemory = readonly KeysAndValues[];

/** What was written so far; of one shape throughout, so that a step is recorded once. */
export type WhisperState = {
  /** int32 [B]: how many tokens. */
  readonly written: tf.Tensor;
  readonly layers: readonly Slots[];
};

interface Mode {
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}

class WhisperEncoder extends Module {
  readonly conv1: Conv1d;
  readonly conv2: Conv1d;
  /** [maximumSteps, M], as published: sines and cosines that are not trained. */
  readonly positions: tf.Variable<tf.Rank.R2>;
  readonly layers: readonly EncoderBlock[];
  readonly norm: LayerNorm;
  private readonly rate: number;

  constructor(config: WhisperConfig, random: Random) {
    super();
    const { mels, modelWidth: width, maximumSteps, encoderLayers, encoderHeads: heads } = config;
    this.conv1 = new Conv1d({ inputs: mels, outputs: width, kernelSize: 3, padding: 1, random });
    this.conv2 = new Conv1d({ inputs: width, outputs: width, kernelSize: 3, stride: 2, padding: 1, random });
    const waves = sinusoidalPositions(maximumSteps, width, { layout: 'halves', lastIsBase: true });
    this.positions = buffer(waves.dataSync() as Float32Array, [maximumSteps, width]);
    waves.dispose();
    this.layers = Array.from(
      { length: encoderLayers },
      (_, i) => new EncoderBlock({ ...blockConfig(config, random), heads, name: `encoder ${i + 1}` }),
    );
    this.norm = new LayerNorm({ width });
    this.rate = config.dropout;
  }

  /** @param features [B, T, mels] @returns [B, T / 2, M] */
  forward(features: tf.Tensor3D, { random }: Mode): tf.Tensor {
    const heard = gelu(this.conv2.forward(gelu(this.conv1.forward(features)))); // [B, T / 2, M]
    const positions = tf.slice(this.positions, [0, 0], [heard.shape[1]!, -1]);
    const first = dropout(tf.add(heard, positions), this.rate, random);
    return this.norm.forward(this.layers.reduce<tf.Tensor>((x, layer) => layer.forward(x, { random }), first));
  }
}

class WhisperDecoder extends Module {
  readonly tokens: Embedding;
  readonly positions: Embedding;
  readonly layers: readonly DecoderBlock[];
  readonly norm: LayerNorm;
  private readonly rate: number;

  constructor(config: WhisperConfig, random: Random) {
    super();
    const { vocabularySize, modelWidth: width, maximumLength, decoderLayers, decoderHeads: heads } = config;
    this.tokens = new Embedding({ size: vocabularySize, width, deviation: 0.02, random });
    this.positions = new Embedding({ size: maximumLength, width, deviation: 0.02, random });
    this.layers = Array.from(
      { length: decoderLayers },
      (_, i) => new DecoderBlock({ ...blockConfig(config, random), heads, name: `decoder ${i + 1}` }),
    );
    this.norm = new LayerNorm({ width });
    this.rate = config.dropout;
  }

  /** @param tokens int32 [B, L] @param start where the first of them stands @returns [B, L, M] */
  embed(tokens: tf.Tensor2D, start: number | tf.Scalar, { random }: Mode): tf.Tensor {
    const places = tf.add(
      tf.range(0, tokens.shape[1], 1, 'int32'),
      typeof start === 'number' ? tf.scalar(start, 'int32') : start,
    );
    const positions = this.positions.forward(tf.cast(places, 'int32') as tf.Tensor1D); // [L, M]
    return dropout(tf.add(this.tokens.forward(tokens), positions), this.rate, random);
  }

  /** @param hidden [..., M] @returns [..., V]: the head is the token table again */
  logits(hidden: tf.Tensor): tf.Tensor {
    const width = hidden.shape[hidden.rank - 1]!;
    const rows = tf.reshape(this.norm.forward(hidden), [-1, width]); // [N, M]
    // turned within the product: the table is too large to be copied at every step
    const logits = tf.matMul(rows, this.tokens.weight, false, true); // [N, V]
    return tf.reshape(logits, [...hidden.shape.slice(0, -1), this.tokens.weight.shape[0]]);
  }
}

/**
 * Maps are captured under `encoder 1`, …, `decoder 1.self`, `decoder 1.cross`, …; a key of `cross` is 20 ms.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { createWhisper } from '@heed/speech';
 * const heads = { encoderHeads: 2, decoderHeads: 2, encoderLayers: 1, decoderLayers: 1 };
 * const sizes = { mels: 8, vocabularySize: 20, modelWidth: 8, feedForwardWidth: 16, maximumSteps: 10, maximumLength: 6 };
 * const model = createWhisper({ ...heads, ...sizes, dropout: 0 }, 7);
 * const tokens = tf.tensor2d([[1, 2, 3]], [1, 3], 'int32');
 * model.forward({ features: tf.zeros([1, 20, 8]), tokens }).shape; // [1, 3, 20]
 * ```
 */
export class Whisper extends Module {
  readonly config: Readonly<WhisperConfig>;
  readonly encoder: WhisperEncoder;
  readonly decoder: WhisperDecoder;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: WhisperConfig, random: Random) {
    super();
    this.config = parseConfig('Whisper', schema, config);
    this.encoder = new WhisperEncoder(this.config, random);
    this.decoder = new WhisperDecoder(this.config, random);
  }

  /**
   * The logits of every step, given the right tokens before it: [B, L, V].
   *
   * @throws if the frames are an odd number or too many, or there are too many tokens
   */
  forward({ features, tokens }: WhisperBatch, mode: Mode = {}): tf.Tensor3D {
    const { maximumLength } = this.config;
    if (tokens.shape[1] > maximumLength) {
      throw new Error(`Whisper: there must be at most maximumLength=${maximumLength} tokens, got ${tokens.shape[1]}`);
    }
    return tf.tidy(() => {
      const memory = this.read(features, mode);
      let hidden = this.decoder.embed(tokens, 0, mode); // [B, L, M]
      for (const layer of this.decoder.layers) hidden = layer.forward(hidden, { memory, random: mode.random });
      return this.decoder.logits(hidden) as tf.Tensor3D;
    });
  }

  /** Hidden states of sounds: [B, T / 2, M]. @throws as `forward` */
  read(features: tf.Tensor3D, mode: Mode = {}): tf.Tensor {
    const { maximumSteps } = this.config;
    const frames = features.shape[1];
    if (frames % 2 !== 0 || frames > 2 * maximumSteps) {
      throw new Error(
        `Whisper: features must have an even number of frames, at most ${2 * maximumSteps}, got ${frames}`,
      );
    }
    return tf.tidy(() => this.encoder.forward(features, mode));
  }

  /** What is known of sounds throughout decoding. @throws as `forward` */
  encode(features: tf.Tensor3D): WhisperMemory {
    return tf.tidy(() => {
      const memory = this.read(features);
      return this.decoder.layers.map(({ crossAttention }) => ({ ...crossAttention.prepareMemory(memory) }));
    }) as WhisperMemory;
  }

  /** The state before the first token. @param room how many tokens will be written at most */
  begin(memory: WhisperMemory, room: number): WhisperState {
    return tf.tidy(() => {
      const [rows, heads, , width] = memory[0].key.shape as [number, number, number, number];
      const slots = () => tf.zeros([rows, heads, room, width]); // [B, H, slots, D]
      return { written: tf.zeros([rows], 'int32'), layers: memory.map(() => ({ key: slots(), value: slots() })) };
    });
  }

  /** Some tokens further. @param tokens int32 [B, L] @returns the last one's logits [B, V] and the next state, none of whose tensors is one of the old */
  step(tokens: tf.Tensor2D, { written, layers }: WhisperState, memory: WhisperMemory) {
    return tf.tidy(() => {
      const caches = layers.map((slots) => new WrittenSlots(slots, written));
      let hidden = this.decoder.embed(tokens, caches[0].start(), {}); // [B, L, M]
      for (const [i, layer] of this.decoder.layers.entries()) {
        hidden = layer.forward(hidden, { prepared: memory[i], cache: caches[i] });
      }
      const [rows, length, width] = hidden.shape as [number, number, number];
      const last = tf.reshape(tf.slice(hidden, [0, length - 1, 0], [-1, 1, -1]), [rows, width]); // [B, M]
      const state = {
        written: tf.add(written, tf.scalar(length, 'int32')),
        layers: caches.map((cache) => cache.after()),
      };
      return { logits: this.decoder.logits(last) as tf.Tensor2D, state };
    });
  }

  /**
   * Where tokens look: the weights of some heads of attention to the sound, as they are.
   *
   * @param tokens int32 [1, L]
   * @param heads [layer, head] of each, counted from 0
   * @returns weights [heads, L, S] and logits [L, V]; the caller disposes them
   */
  align(tokens: tf.Tensor2D, memory: WhisperMemory, heads: ReadonlyArray<readonly [layer: number, head: number]>) {
    const wanted = new Set(heads.map(([layer]) => `decoder ${layer + 1}.cross`));
    return tf.tidy(() => {
      const { result, maps } = capture(
        () => {
          let hidden = this.decoder.embed(tokens, 0, {});
          for (const [i, layer] of this.decoder.layers.entries())
            hidden = layer.forward(hidden, { prepared: memory[i] });
          return this.decoder.logits(hidden);
        },
        { names: (name) => wanted.has(name) },
      );
      const rows = heads.map(([layer, head]) => {
        const { weights } = maps.find(({ name }) => name === `decoder ${layer + 1}.cross`)!; // [1, H, L, S]
        return tf.reshape(tf.slice(weights, [0, head, 0, 0], [1, 1, -1, -1]), weights.shape.slice(2));
      });
      const weights = tf.stack(rows) as tf.Tensor3D; // [heads, L, S]
      tf.dispose(maps.map((map) => map.weights));
      return { weights, logits: tf.squeeze(result, [0]) as tf.Tensor2D };
    });
  }
}

function blockConfig({ modelWidth, feedForwardWidth, dropout: rate }: WhisperConfig, random: Random) {
  return {
    modelWidth,
    hiddenWidth: feedForwardWidth,
    activation: 'gelu',
    keyBias: false,
    dropout: rate,
    random,
  } as const;
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createWhisper(config: WhisperConfig, seed: number): Whisper {
  return new Whisper(config, new Random(seed));
}
