import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random, readSafetensors, type Module } from '@heed/attention-core';
import {
  createGpt,
  createTransformer,
  gptConfigFrom,
  gptNames,
  publishedGptConfig,
  publishedT5Config,
  t5ConfigFrom,
  t5NamesOf,
  type Gpt,
  type Transformer,
  type TransformerConfig,
} from '@heed/nlp';
import { loadPretrained, readConfig, savePretrained, type NameMap } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { runPython } from './python.ts';
import type { Verified } from './verified.ts';

const SCRIPT = fileURLToPath(new URL('../verify-exchange.py', import.meta.url));

/** A small model, and how it is written and read. */
interface Exchange<M extends Module> {
  readonly model: M;
  readonly names: NameMap;
  readonly published: Record<string, unknown>;
  readonly open: (published: Readonly<Record<string, unknown>>) => M;
  /** By the names of Python's arguments. */
  readonly inputs: Readonly<Record<string, number[][]>>;
  readonly logits: (model: M) => tf.Tensor;
}

const TOKENS = [
  [3, 14, 15, 92, 65, 35, 89, 79, 32, 38, 46, 26],
  [2, 71, 82, 81, 82, 84, 59, 4, 52, 35, 36, 28],
];
const TARGETS = [
  [0, 5, 77, 21, 56],
  [0, 64, 90, 15, 3],
];
const ints = (rows: number[][]) => tf.tensor2d(rows, [rows.length, rows[0].length], 'int32');

/** A GPT-2 of three layers. @param untiedHead whether its head is its own */
export function verifyGpt(untiedHead: boolean): Promise<Verified[]> {
  const config = {
    vocabularySize: 97,
    maximumLength: 16,
    modelWidth: 24,
    layers: 3,
    heads: 4,
    feedForwardWidth: 40,
    epsilon: 1e-5,
    dropout: 0,
    attentionDropout: 0,
    ...(untiedHead && { untiedHead }),
  };
  return verify<Gpt>({
    model: createGpt(config, 2019),
    names: gptNames,
    published: publishedGptConfig(config),
    open: (published) => createGpt(gptConfigFrom(published), 0),
    inputs: { input_ids: TOKENS },
    logits: (model) => model.forward(ints(TOKENS)),
  });
}

/** A T5 of two layers and three. @param change makes it another: T5 1.1 */
export function verifyT5(change: Partial<TransformerConfig> = {}): Promise<Verified[]> {
  const config: TransformerConfig = {
    sourceSize: 97,
    targetSize: 97,
    modelWidth: 24,
    heads: 4,
    encoderLayers: 2,
    decoderLayers: 3,
    feedForwardWidth: 40,
    arithmetic: 't5',
    activation: 'relu',
    placement: 'pre',
    positions: 't5',
    maximumLength: 512,
    embeddings: 'shared',
    dropout: 0,
    ...change,
  };
  return verify<Transformer>({
    model: createTransformer(config, 2020),
    names: t5NamesOf(config),
    published: publishedT5Config(config),
    open: (published) => createTransformer(t5ConfigFrom(published), 0),
    inputs: { input_ids: TOKENS, decoder_input_ids: TARGETS },
    logits: (model) =>
      model.forward({
        source: ints(TOKENS),
        sourceLengths: tf.tensor1d([12, 12], 'int32'),
        targetInputs: ints(TARGETS),
      }),
  });
}

/** Saves a model here, opens it in Python's transformers, compares what both make of the inputs, and opens here what Python saved. */
async function verify<M extends Module>(exchange: Exchange<M>): Promise<Verified[]> {
  const { model, names, published, open, inputs, logits } = exchange;
  const folder = await mkdtemp(join(tmpdir(), 'heed-exchange-'));
  const [saved, again, asked, output] = ['saved', 'again', 'inputs.json', 'logits.safetensors'].map((name) =>
    join(folder, name),
  );
  try {
    const random = new Random(7);
    for (const { variable } of model.namedParameters()) {
      // biases and norms that do something
      tf.tidy(() =>
        variable.assign(tf.add(variable, tf.tensor(random.normals(variable.size, 0, 0.2), variable.shape))),
      );
    }
    await savePretrained(saved, { model, names, config: published });
    await writeFile(asked, JSON.stringify(inputs));
    const printed = await runPython([SCRIPT, saved, asked, again, output]);
    const keys = Object.entries(JSON.parse(printed.trim().split('\n').at(-1)!) as Record<string, string[]>).flatMap(
      ([kind, missed]) => missed.map((name) => `${kind}: ${name}`),
    );
    const python = readSafetensors(await readFile(output)).tensors();
    const difference = maximum(() => tf.sub(logits(model), python.logits));
    tf.dispose(python);

    const back = open(await readConfig(again));
    await loadPretrained(again, back, names);
    const change = maximum(() => tf.sub(logits(back), logits(model)));
    back.dispose();
    return [
      {
        claim: 'Python loads what was saved, no key missing, unexpected or misshapen',
        holds: keys.length === 0,
        figure: keys.join('; ') || 'none',
      },
      {
        claim: 'logits are within 1e-4',
        holds: difference <= 1e-4,
        figure: `largest difference ${difference.toExponential(2)}`,
      },
      {
        claim: 'what Python saved gives the same logits here',
        holds: change === 0,
        figure: `largest difference ${change.toExponential(2)}`,
      },
    ];
  } finally {
    model.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

function maximum(difference: () => tf.Tensor): number {
  return tf.tidy(() => tf.max(tf.abs(difference())).dataSync()[0]);
}
