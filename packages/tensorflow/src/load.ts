import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import nodeUtil from 'node:util';

import { addonFolder, holdStderrName } from './install/binding.ts';
import { reasonOf } from './install/install-error.ts';
import { findTfjsNode } from './install/tfjs-node.ts';
import { registerOwnOps } from './own-ops.ts';
import { repairRound } from './repair-round.ts';
import { mendingCommand } from './status.ts';

/** The namespace of tfjs-node, as far as it is that of `@tensorflow/tfjs`. */
export type Tensorflow = typeof import('@tensorflow/tfjs');

const require = createRequire(import.meta.url);

/** What TensorFlow says at every start and nobody can act on. */
const startupChatter = /oneDNN custom operations are on|All log messages before absl::InitializeLog/;

/**
 * Loads tfjs-node and gives its namespace, with the backend `tensorflow` chosen.
 *
 * Compared with a plain import it also runs on Node 23 and later, rounds int32 tensors rightly (TensorFlow 2.17 and later
 * give zeros), and keeps TensorFlow's start-up lines off stderr. Nothing is downloaded or built: that is `install()`.
 *
 * @throws an error that names the command which mends it, where tfjs-node or its native library does not load.
 * @example
 * ```ts
 * import { loadTensorflow } from '@heed/tensorflow';
 *
 * const tf = await loadTensorflow();
 * tf.matMul([[1, 2]], [[3], [4]]).print(); // [[11]]
 * ```
 */
export async function loadTensorflow(): Promise<Tensorflow> {
  const [tfjsNode] = findTfjsNode();
  if (!tfjsNode) {
    throw new Error(
      'loadTensorflow: @tensorflow/tfjs-node must be installed, got no such package; ' +
        `run: npm install --ignore-scripts @tensorflow/tfjs-node && ${mendingCommand}`,
    );
  }
  prepareNode();
  try {
    const tf = withoutChatter(tfjsNode.folder, () => require(tfjsNode.folder) as Tensorflow);
    repairRound(tf);
    await tf.setBackend('tensorflow');
    registerOwnOps(tf);
    return tf;
  } catch (error) {
    throw new Error(
      `loadTensorflow: the native library of tfjs-node must load, got ${reasonOf(error)}; run: ${mendingCommand}`,
      { cause: error },
    );
  }
}

/** What has to hold before tfjs-node is loaded. */
function prepareNode(): void {
  // Node 23 removed it; tfjs-node 4.22 calls it in nearly every op.
  const util = nodeUtil as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  // Warnings repeat what the thrown error says.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
}

interface HoldStderr {
  hold(): void;
  release(): string;
}

/** Runs `load` and passes on what it writes to stderr, less the lines that every start writes. */
function withoutChatter<Result>(folder: string, load: () => Result): Result {
  const addon = join(folder, addonFolder, holdStderrName);
  if (!existsSync(addon)) return load();
  const stderr = require(addon) as HoldStderr;
  stderr.hold();
  try {
    return load();
  } finally {
    const lines = stderr.release().split(/(?<=\n)/);
    process.stderr.write(lines.filter((line) => !startupChatter.test(line)).join(''));
  }
}
