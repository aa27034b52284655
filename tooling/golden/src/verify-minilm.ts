import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '@heed/attention-core';
import { allMiniLmL6, SentenceEncoder } from '@heed/nlp';
import { fetchData } from '@heed/node';
import * as tf from '@tensorflow/tfjs';
import { runPython } from './python.ts';
import type { Verified } from './verified.ts';

const SCRIPT = fileURLToPath(new URL('../verify-minilm.py', import.meta.url));

// short and long, accents, other scripts, punctuation, numbers, a word of many pieces, an unknown sign, nothing
const SENTENCES = [
  'A man is playing the guitar.',
  'Someone makes music on a stringed instrument.',
  'The bank of the river was flooded.',
  'The bank raised its interest rates by 0.25 % on 3 May 2024!',
  'Élan vital: naïve café owners in São Paulo, don’t they?',
  '今日は天気がいいです。',
  'Donaudampfschifffahrtsgesellschaft; supercalifragilisticexpialidocious 🦒',
  '',
  'The committee that the members who had arrived late elected met again. '.repeat(12).trim(),
];

type Outputs = Record<'tokens' | 'lengths' | 'hiddenStates' | 'embeddings', tf.Tensor>;

/** Loads MiniLM here and in Python's transformers, compares what both make of sentences, saves it here and loads that in Python. */
export async function verifyMiniLm(): Promise<Verified[]> {
  const folder = await mkdtemp(join(tmpdir(), 'heed-minilm-'));
  try {
    return await verify(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function verify(folder: string): Promise<Verified[]> {
  const [original, saved, sentences] = ['original', 'saved', 'sentences.json'].map((name) => join(folder, name));
  const data = await fetchData(allMiniLmL6);
  for (const { name } of allMiniLmL6.files) {
    await mkdir(dirname(join(original, name)), { recursive: true });
    await writeFile(join(original, name), await data.read(name));
  }
  await writeFile(sentences, JSON.stringify(SENTENCES));
  const python = await askPython(original, sentences, join(folder, 'original.safetensors'));

  const encoder = await SentenceEncoder.fromPretrained(original);
  const encoded = await encoder.encode(SENTENCES);
  const difference = hiddenDifference(encoder, python.outputs);
  const lengths = [...python.outputs.lengths.dataSync()];
  await encoder.savePretrained(saved);
  encoder.dispose();
  const again = await askPython(saved, sentences, join(folder, 'saved.safetensors'));

  const theirs = (await python.outputs.embeddings.array()) as number[][];
  const cosines = encoded.map(({ embedding }, i) => cosine(embedding, theirs[i]));
  const ids = (await python.outputs.tokens.array()) as number[][];
  const vocabulary = JSON.parse(await readFile(join(original, 'tokenizer.json'), 'utf8')) as {
    readonly model: { readonly vocab: Readonly<Record<string, number>> };
  };
  const otherwise = encoded.filter(
    ({ tokens }, i) =>
      String(tokens.map((token) => vocabulary.model.vocab[token])) !== String(ids[i].slice(0, lengths[i])),
  );
  const keys = Object.entries(again.keys).flatMap(([kind, names]) => names.map((name) => `${kind}: ${name}`));
  const change = Math.max(
    maximum(tf.sub(again.outputs.hiddenStates, python.outputs.hiddenStates)),
    maximum(tf.sub(again.outputs.embeddings, python.outputs.embeddings)),
  );
  tf.dispose([python.outputs, again.outputs]);
  return [
    {
      claim: 'sentences are the same tokens',
      holds: otherwise.length === 0,
      figure: `${encoded.length - otherwise.length} of ${encoded.length} sentences, up to ${Math.max(...lengths)} tokens`,
    },
    {
      claim: 'last hidden states are within 1e-4',
      holds: difference <= 1e-4,
      figure: `largest difference ${difference.toExponential(2)}`,
    },
    {
      claim: 'cosines of sentence embeddings are at least 0.99999',
      holds: Math.min(...cosines) >= 0.99999,
      figure: `smallest 1 − ${(1 - Math.min(...cosines)).toExponential(1)}`,
    },
    {
      claim: 'Python loads what was saved, no key missing, unexpected or misshapen',
      holds: keys.length === 0,
      figure: keys.join('; ') || 'none',
    },
    {
      claim: 'Python gives the same output from what was saved',
      holds: change === 0,
      figure: `largest difference ${change.toExponential(2)}`,
    },
  ];
}

async function askPython(folder: string, sentences: string, output: string) {
  const printed = await runPython([SCRIPT, folder, sentences, output]);
  return {
    keys: JSON.parse(printed.trim().split('\n').at(-1)!) as Record<string, string[]>,
    outputs: readSafetensors(await readFile(output)).tensors() as Outputs,
  };
}

/** The largest difference at real tokens, on Python's own tokens. */
function hiddenDifference(encoder: SentenceEncoder, outputs: Outputs): number {
  return tf.tidy(() => {
    const [tokens, lengths] = [outputs.tokens as tf.Tensor2D, outputs.lengths as tf.Tensor1D];
    const { hiddenStates } = encoder.model.bert.forward({ tokens, lengths });
    const real = tf.less(tf.range(0, tokens.shape[1], 1, 'int32'), tf.expandDims(lengths, 1));
    return maximum(tf.mul(tf.sub(hiddenStates, outputs.hiddenStates), tf.expandDims(real, 2)));
  });
}

function maximum(tensor: tf.Tensor): number {
  return tf.tidy(() => tf.max(tf.abs(tensor)).dataSync()[0]);
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    ofA += a[i] ** 2;
    ofB += b[i] ** 2;
  }
  return product / Math.sqrt(ofA * ofB);
}
