import { findTfjsNode } from './install/tfjs-node.ts';
import { errorLine, runProcess } from './install/run-process.ts';
import { cacheFolder } from './install/platform.ts';

/** The one command that makes tfjs-node load. */
export const mendingCommand = 'npx heed-tensorflow install';

/** What loads and what does not. */
export interface TensorflowStatus {
  /** Whether `loadTensorflow()` works. */
  readonly loads: boolean;
  /** Whether the binding has the functions that `compile()` needs. */
  readonly compiles: boolean;
  /** The version of the native library, where it loads. */
  readonly tensorflowVersion?: string;
  /** The version and folder of tfjs-node, where it is installed. */
  readonly tfjsNodeVersion?: string;
  readonly tfjsNodeFolder?: string;
  /** Where downloads and builds are kept. */
  readonly cache: string;
  /** One sentence for people: what was found, or the reason why it does not load. */
  readonly message: string;
  /** The one command that mends it; absent where nothing is to be mended. */
  readonly mend?: string;
}

// `node:util` lost isNullOrUndefined in Node 23, and tfjs-node 4.22 calls it.
const probe = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value == null;
const tf = require(process.argv[1]);
const binding = tf.backend().binding;
const found = { backend: tf.getBackend(), version: binding.TF_Version, compiles: 'addFunctionDef' in binding };
process.stdout.write('\\nfound=' + JSON.stringify(found) + '\\n');
`;

/**
 * Loads tfjs-node in a process of its own (about half a second) and says what came of it. This process stays as it is.
 *
 * @param project the folder of the project whose tfjs-node is meant; default: the one that `loadTensorflow()` loads.
 * @example
 * ```ts
 * import { status } from '@heed/tensorflow';
 *
 * const { loads, message, mend } = await status();
 * console.log(loads ? message : `${message}; run: ${mend}`);
 * ```
 */
export async function status(project?: string): Promise<TensorflowStatus> {
  const cache = cacheFolder();
  const [tfjsNode] = findTfjsNode(project);
  if (!tfjsNode) {
    const message = '@tensorflow/tfjs-node is not installed';
    return {
      loads: false,
      compiles: false,
      cache,
      message,
      mend: 'npm install --ignore-scripts @tensorflow/tfjs-node',
    };
  }
  const about = { tfjsNodeVersion: tfjsNode.version, tfjsNodeFolder: tfjsNode.folder, cache };
  const { output } = await runProcess(process.execPath, ['-e', probe, tfjsNode.folder], {
    env: { TF_CPP_MIN_LOG_LEVEL: '3' },
    timeoutSeconds: 60,
  });
  const answer = /^found=(.*)$/m.exec(output)?.[1];
  if (answer === undefined) {
    const message = `tfjs-node ${tfjsNode.version} does not load: ${errorLine(output)}`;
    return { ...about, loads: false, compiles: false, message, mend: mendingCommand };
  }
  const found = JSON.parse(answer) as { version: string; compiles: boolean };
  const on = `tfjs-node ${tfjsNode.version} runs on TensorFlow ${found.version}`;
  return {
    ...about,
    loads: true,
    compiles: found.compiles,
    tensorflowVersion: found.version,
    message: found.compiles ? `${on}, with compile()` : `${on}, without compile(): the binding is upstream's`,
    ...(found.compiles ? {} : { mend: mendingCommand }),
  };
}
