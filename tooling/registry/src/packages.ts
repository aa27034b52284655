import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PublishedPackage {
  readonly name: string;
  readonly folder: string;
  /** The first TypeScript example of its README. */
  readonly example: string;
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
    return [{ name: manifest.name, folder, example }];
  });
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
};
