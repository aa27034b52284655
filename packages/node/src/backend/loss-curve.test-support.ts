/**
 * A training whose losses are compared: `loss-curve.test-support.ts <backend> <eager or compiled>` trains a small language model from the
 * golden file's weights on its batches, without dropout and with, and prints the losses of all steps.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  causal,
  dropout,
  Embedding,
  EncoderBlock,
  LayerNorm,
  LearnedPositions,
  Module,
  Random,
  readSafetensors,
  type RandomStream,
} from '@heed/attention-core';
import { Adam, crossEntropy, installCompiler, train } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import type { BackendName } from './backend-name.ts';
import { startBackend } from './start-backend.ts';

export interface LossCurves {
  readonly plain: readonly number[];
  readonly dropout: readonly number[];
  /** How many functions were recorded. */
  readonly recordings: number;
}

const HEADS = 2;
const RATE = 3e-3;
const GOLDEN = new URL('loss-curve.golden.safetensors', import.meta.url);

/** What torch did (tooling/golden/loss-curve.py): initial weights, batches, losses. */
export function readGolden(): Record<string, tf.Tensor> {
  return readSafetensors(readFileSync(GOLDEN)).tensors();
}

class LanguageModel extends Module {
  readonly letters: Embedding;
  readonly positions: LearnedPositions;
  readonly blocks: readonly EncoderBlock[];
  readonly norm: LayerNorm;

  constructor(
    vocabulary: number,
    width: number,
    length: number,
    private readonly dropoutRate: number,
  ) {
    super();
    const random = new Random(1);
    this.letters = new Embedding({ size: vocabulary, width, random });
    this.positions = new LearnedPositions({ length, width, random });
    const config = { modelWidth: width, heads: HEADS, activation: 'gelu', dropout: dropoutRate, random } as const;
    this.blocks = [new EncoderBlock(config), new EncoderBlock(config)];
    this.norm = new LayerNorm({ width });
  }

  /** @param ids int32 [B, L] @returns [B, L, V] */
  forward(ids: tf.Tensor2D, random: RandomStream): tf.Tensor {
    const [batch, length] = ids.shape;
    const [vocabulary, width] = this.letters.weight.shape;
    const embedded = dropout(
      tf.add(this.letters.forward(ids), this.positions.forward(length)),
      this.dropoutRate,
      random,
    );
    const hidden = this.blocks.reduce((x, block) => block.forward(x, { mask: causal(), random }), embedded);
    const rows = tf.reshape(this.norm.forward(hidden), [batch * length, width]) as tf.Tensor2D;
    return tf.reshape(tf.matMul(rows, this.letters.weight, false, true), [batch, length, vocabulary]);
  }
}

async function curve(golden: Record<string, tf.Tensor>, dropoutRate: number): Promise<[number[], number]> {
  const [vocabulary, width] = golden['weight.letters.weight'].shape;
  const [batches, batch, length] = golden.inputs.shape;
  const model = new LanguageModel(vocabulary, width, length, dropoutRate);
  const initial = Object.entries(golden).filter(([name]) => name.startsWith('weight.'));
  model.loadStateDict(Object.fromEntries(initial.map(([name, tensor]) => [name.slice('weight.'.length), tensor])));
  const parts = Array.from({ length: batches }, (_, i) => {
    const part = (tensor: tf.Tensor) => ({
      data: tensor.dataSync<'int32'>().slice(i * batch * length, (i + 1) * batch * length) as Int32Array,
      shape: [batch, length],
    });
    return { inputs: part(golden.inputs), targets: part(golden.targets) };
  });
  const losses: number[] = [];
  let recordings = 0;
  const events = train({
    model,
    optimizer: new Adam(model.trainableParameters()),
    loss: ({ inputs, targets }, { random }) => crossEntropy(model.forward(inputs as tf.Tensor2D, random), targets),
    data: () => parts,
    learningRate: RATE,
    steps: golden.losses.size,
    seed: 11,
  });
  for await (const event of events) {
    if (event.type === 'step') losses.push(event.loss);
    if (event.type === 'recording') recordings++;
  }
  return [losses, recordings];
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , backend, mode] = process.argv;
  await startBackend({ backend: backend as BackendName, onMessage: () => undefined });
  if (mode === 'eager') installCompiler(undefined);
  const golden = readGolden();
  const [plain, recordings] = await curve(golden, 0);
  const [dropped, more] = await curve(golden, 0.1);
  const curves: LossCurves = { plain, dropout: dropped, recordings: recordings + more };
  process.stdout.write(`${JSON.stringify(curves)}\n`);
}
