import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface PublishedPackage {
  readonly name: string;
  readonly folder: string;
  /** The arguments of its README's first `npm install` line. */
  readonly installs: readonly string[];
  /** The first TypeScript example of its README. */
  readonly example: string;
  /** The same in JavaScript: without its types. */
  readonly script: string;
}

/** All packages of the workspace that are published. @throws if one has no README, or a README without an example */
export function publishedPackages(root: string): PublishedPackage[] {
  return readdirSync(join(root, 'packages')).flatMap((entry) => {
    const folder = join(root, 'packages', entry);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name: string;
      private?: boolean;
    };
    if (manifest.private === true) return [];
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    const example = /```(?:ts|js)\n([\s\S]*?)```/.exec(readme)?.[1];
    if (example === undefined)
      throw new Error(`publishedPackages: the README of ${manifest.name} must have a \`\`\`ts example, got none`);
    const installs = /^npm install (.*)$/m.exec(readme)?.[1].split(' ');
    if (installs === undefined)
      throw new Error(`publishedPackages: the README of ${manifest.name} must say npm install …, got no such line`);
    return [{ name: manifest.name, folder, installs, example, script: withoutTypes(example) }];
  });
}

function withoutTypes(code: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}

/**
 * The least that a package is for, with nothing installed beside it: each imports the package alone (its peers come along) and prints
 * a number that is known beforehand.
 */
export const FORWARD_PASSES: Readonly<Record<string, { readonly code: string; readonly prints: string }>> = {
  '@heed/attention-core': {
    code: `import * as tf from '@tensorflow/tfjs';
import { attention } from '@heed/attention-core';
const x = tf.tensor3d([[[0], [0]]]);
console.log(attention({ query: x, key: x, value: tf.tensor3d([[[1], [3]]]) }).dataSync().join());`,
    prints: '2,2',
  },
  '@heed/training': {
    code: `import { compile, memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
const double = compile((x) => tf.mul(x, 2));
const folder = memoryFolder();
await folder.write('a', new Uint8Array([1]));
console.log(double(tf.scalar(21)).dataSync()[0], (await folder.list()).join());`,
    prints: '42 a',
  },
  '@heed/tasks': {
    // From kitten to sitting (Levenshtein's example): two letters replaced, one added.
    code: `import { editDistance, Vocabulary } from '@heed/tasks';
console.log(editDistance([...'kitten'], [...'sitting']), new Vocabulary(['a', 'b']).indexOf('b'));`,
    prints: '3 1',
  },
  '@heed/tensorflow': {
    code: `import { loadTensorflow } from '@heed/tensorflow';
const outcome = await Promise.resolve().then(() => loadTensorflow()).then(() => 'loaded', (error) => error.message);
console.log(/tfjs-node/.test(outcome) ? 'says what is missing' : outcome);`,
    prints: 'says what is missing',
  },
  '@heed/node': {
    code: `import { startBackend } from '@heed/node';
import * as tf from '@tensorflow/tfjs';
await startBackend();
console.log(tf.getBackend(), tf.add(1, 2).dataSync()[0]);`,
    prints: 'wasm 3',
  },
  '@heed/nlp': {
    // What a layer norm leaves has variance 1: the squares of a vector of width 8 sum up to 8.
    code: `import { createBert } from '@heed/nlp';
import * as tf from '@tensorflow/tfjs';
const widths = { modelWidth: 8, layers: 1, heads: 2, feedForwardWidth: 16 };
const sizes = { vocabularySize: 9, maximumLength: 4, tokenTypes: 2 };
const rest = { activation: 'gelu', epsilon: 1e-12, dropout: 0, attentionDropout: 0 };
const bert = createBert({ ...widths, ...sizes, ...rest }, 7);
const batch = { tokens: tf.tensor2d([[2, 5, 3]], [1, 3], 'int32'), lengths: tf.tensor1d([3], 'int32') };
const { hiddenStates } = bert.forward(batch);
const squares = await tf.sum(tf.square(hiddenStates), -1).data();
console.log(Array.from(squares, Math.round).join());`,
    prints: '8,8,8',
  },
  '@heed/graph': {
    // Attention that has learnt nothing yet, all its parameters 0, is the mean of the neighbours.
    code: `import { Random } from '@heed/attention-core';
import { edgeTensors, GatLayer } from '@heed/graph';
import * as tf from '@tensorflow/tfjs';
const layer = new GatLayer({ inputs: 1, headWidth: 1, random: new Random(7) });
layer.weight.assign(tf.ones([1, 1]));
layer.sourceAttention.assign(tf.zeros([1, 1]));
layer.targetAttention.assign(tf.zeros([1, 1]));
const edges = edgeTensors({ sources: Int32Array.of(0, 1), targets: Int32Array.of(2, 2) }, 3);
console.log((await layer.forward(tf.tensor2d([[1], [3], [0]]), edges).data()).join());`,
    prints: '0,0,2',
  },
  '@heed/rl': {
    // A pole that stands upright in the middle, pushed right: the cart's speed is 10 / 1.1 · 0.02 and what the pole gives back.
    code: `import { cartPole } from '@heed/rl';
const environment = cartPole();
environment.reset({ options: { state: [0, 0, 0, 0] } });
console.log(environment.step(1).observation[1].toFixed(3));`,
    prints: '0.195',
  },
  '@heed/recsys': {
    // Scores 2, 0 and 2: ln(2 + e^−2).
    code: `import { itemCrossEntropy } from '@heed/recsys';
import * as tf from '@tensorflow/tfjs';
const items = tf.tensor2d([[1, 0], [0, 1], [1, 1]]);
const loss = itemCrossEntropy(tf.tensor2d([[2, 0]]), items, tf.tensor1d([0], 'int32'));
console.log((await loss.data())[0].toFixed(4));`,
    prints: '0.7586',
  },
  '@heed/timeseries': {
    // Seasonal differences of the history are 2; the forecast is off by 2 and 4.
    code: `import { mase, seasonalNaive } from '@heed/timeseries';
const history = Float64Array.of(1, 2, 3, 4);
const forecast = seasonalNaive(2).forecast(history, 2);
console.log([...forecast].join(), mase([5, 8], forecast, { history, season: 2 }));`,
    prints: '3,4 1.5',
  },
  '@heed/vision': {
    // Between black and white stands grey; a PNG gives back what was written.
    code: `import { decodeImage, encodePng, resize } from '@heed/vision';
const image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 200) };
const again = await decodeImage(await encodePng(image));
console.log(resize(again, 1, 1, 'bilinear').data.join());`,
    prints: '100',
  },
  '@heed/speech': {
    // A tone of 1,000 Hz at 8,000 samples a second is the eighth of 64 / 2 bands.
    code: `import { spectrogram } from '@heed/speech';
import * as tf from '@tensorflow/tfjs';
const tone = Float32Array.from({ length: 640 }, (_, i) => Math.sin((2 * Math.PI * i) / 8));
const power = spectrogram(tf.tensor2d(tone, [1, 640]), { window: 64, hop: 64 });
console.log((await tf.argMax(tf.sum(power, 1), 1).data()).join());`,
    prints: '8',
  },
};
