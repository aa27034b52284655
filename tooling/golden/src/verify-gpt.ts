import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random, readSafetensors } from '@heed/attention-core';
import { createGpt, gptConfigFrom, gptNames, publishedGptConfig, type GptConfig } from '@heed/nlp';
import { loadPretrained, readConfig, savePretrained } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { runPython } from './python.ts';
import type { Verified } from './verified.ts';

const SCRIPT = fileURLToPath(new URL('../verify-gpt.py', import.meta.url));

const CONFIG: GptConfig = {
  vocabularySize: 97,
  maximumLength: 16,
  modelWidth: 24,
  layers: 3,
  heads: 4,
  feedForwardWidth: 40,
  epsilon: 1e-5,
  dropout: 0,
  attentionDropout: 0,
};
const TOKENS = [
  [3, 14, 15, 92, 65, 35, 89, 79, 32, 38, 46, 26],
  [2, 71, 82, 81, 82, 84, 59, 4, 52, 35, 36, 28],
];

/** Saves a small GPT-2 here, opens it in Python's transformers, compares what both make of tokens, and opens here what Python saved. */
export async function verifyGpt(): Promise<Verified[]> {
  const folder = await mkdtemp(join(tmpdir(), 'heed-gpt-'));
  const [saved, again, asked, output] = ['saved', 'again', 'tokens.json', 'logits.safetensors'].map((name) =>
    join(folder, name),
  );
  const model = createGpt(CONFIG, 2019);
  try {
    const random = new Random(7);
    for (const { variable } of model.namedParameters()) {
      // biases and norms that do something
      tf.tidy(() =>
        variable.assign(tf.add(variable, tf.tensor(random.normals(variable.size, 0, 0.2), variable.shape))),
      );
    }
    await savePretrained(saved, { model, names: gptNames, config: publishedGptConfig(CONFIG) });
    await writeFile(asked, JSON.stringify(TOKENS));
    const printed = await runPython([SCRIPT, saved, asked, again, output]);
    const keys = Object.entries(JSON.parse(printed.trim().split('\n').at(-1)!) as Record<string, string[]>).flatMap(
      ([kind, names]) => names.map((name) => `${kind}: ${name}`),
    );
    const python = readSafetensors(await readFile(output)).tensors();
    const difference = maximum(() => tf.sub(logits(model), python.logits));
    tf.dispose(python);

    const back = createGpt(gptConfigFrom(await readConfig(again)), 0);
    await loadPretrained(again, back, gptNames);
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

function logits(model: ReturnType<typeof createGpt>): tf.Tensor {
  return model.forward(tf.tensor2d(TOKENS, [TOKENS.length, TOKENS[0].length], 'int32'));
}

function maximum(difference: () => tf.Tensor): number {
  return tf.tidy(() => tf.max(tf.abs(difference())).dataSync()[0]);
}
