import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { bindingName, checkBinding, provideBinding } from './binding.ts';
import { InstallError, reasonOf } from './install-error.ts';
import { libraryName, provideLibrary } from './library.ts';
import { linkInto } from './link.ts';
import { cacheFolder, platform, wheelForThisMachine, type Wheel } from './platform.ts';
import type { InstallProgress } from './progress.ts';
import { findTfjsNode, findTfjsNodeInWorkspace, type TfjsNode } from './tfjs-node.ts';
import { provideUpstream } from './upstream.ts';

export interface InstallOptions {
  /**
   * The folder of the project whose tfjs-node is to be made ready. Default: the tfjs-node which @heed/tensorflow itself
   * uses, and that of the working folder.
   */
  readonly project?: string;
  /** Makes every copy of tfjs-node ready in the pnpm workspace whose root `project` is (or the working folder). */
  readonly workspace?: boolean;
  /** Is told of every step that takes more than a second. */
  readonly onProgress?: (progress: InstallProgress) => void;
}

/** What `install()` has done. */
export interface Installation {
  /**
   * - `ready`: nothing was to be done;
   * - `installed`: a current TensorFlow, with functions (`compile`);
   * - `upstream`: the older TensorFlow that tfjs-node itself downloads, without functions;
   * - `skipped`: `HEED_TENSORFLOW=off`.
   */
  readonly outcome: 'ready' | 'installed' | 'upstream' | 'skipped';
  /** One sentence for people. */
  readonly message: string;
  /** The folders of tfjs-node that are ready. */
  readonly folders: readonly string[];
  readonly milliseconds: number;
}

/**
 * Makes tfjs-node run on a current TensorFlow, without tfjs-node's own install script.
 *
 * The library comes from TensorFlow's wheel, through pip, with a pinned checksum; the binding is compiled from the sources
 * that tfjs-node ships and a few functions more. Both are kept in a cache outside the project and linked into the
 * tfjs-node folder. What the cache holds is loaded once, half a second, and made anew where it does not load (not in a workspace's own install, which
 * costs milliseconds); several processes may run it at once. A cache that another user owns or can write is refused.
 *
 * Environment: `HEED_TENSORFLOW=off` skips everything, `upstream` lets tfjs-node's own download, of which no sum is known, stand in where the wheel
 * cannot be had; `HEED_CACHE` names the cache folder; `CXX` and `CC` the compilers.
 *
 * @throws {@link InstallError} where tfjs-node is not installed, or neither way works: the message says what is missing.
 * A wheel that fails its checksum is refused, and nothing else is tried.
 * @example
 * ```ts
 * import { install } from '@heed/tensorflow';
 *
 * const { outcome, message } = await install({ onProgress: (progress) => console.log(progress.message) });
 * console.log(outcome, message);
 * ```
 */
export async function install(options: InstallOptions = {}): Promise<Installation> {
  const start = performance.now();
  const finish = (outcome: Installation['outcome'], message: string, found: readonly TfjsNode[]): Installation => ({
    outcome,
    message,
    folders: found.map(({ folder }) => folder),
    milliseconds: performance.now() - start,
  });
  if (process.env['HEED_TENSORFLOW'] === 'off') return finish('skipped', 'skipped: HEED_TENSORFLOW=off', []);

  const { project, workspace } = options;
  const found = workspace ? findTfjsNodeInWorkspace(project ?? process.cwd()) : findTfjsNode(project);
  if (found.length === 0) {
    const folder = project ?? process.cwd();
    throw new InstallError(`@tensorflow/tfjs-node must be installed, got no such package in ${folder}`);
  }
  const root = cacheFolder();
  const progress = options.onProgress ?? (() => {});
  let outcome: Installation['outcome'] = 'ready';
  let message = '';
  for (const tfjsNode of found) {
    const provided = await provide(root, tfjsNode, workspace !== true, progress);
    const changed = await linkInto(tfjsNode, provided.binding, provided.library);
    if (provided.upstream) outcome = 'upstream';
    else if (changed && outcome === 'ready') outcome = 'installed';
    message = provided.message;
  }
  const seconds = (performance.now() - start) / 1000;
  if (seconds > 1) message += `, after ${seconds.toFixed(0)} s`;
  return finish(outcome, message, found);
}

interface Provided {
  readonly binding: string;
  readonly library: string;
  readonly upstream: boolean;
  readonly message: string;
}

/** Library and binding of the cache, or new ones; what is there and does not load, because a disk or a person damaged it, is made anew. */
async function provideCurrent(
  root: string,
  wheel: Wheel,
  tfjsNode: TfjsNode,
  check: boolean,
  onProgress: (progress: InstallProgress) => void,
): Promise<Pick<Provided, 'library' | 'binding'>> {
  const make = async () => {
    const library = await provideLibrary(root, wheel, onProgress);
    return { library, binding: await provideBinding(root, wheel, library, tfjsNode, onProgress) };
  };
  const [library, binding] = [libraryName(wheel), bindingName(wheel, tfjsNode)].map((name) => join(root, name));
  const [hadLibrary, hadBinding] = [existsSync(library), existsSync(binding)];
  const isDamage = (error: unknown) => error instanceof InstallError && error.damaged;
  try {
    const made = await make();
    if (hadBinding && check) await checkBinding(made.binding, wheel);
    return made;
  } catch (error) {
    if (!isDamage(error) || (!hadBinding && !hadLibrary)) throw error;
  }
  onProgress({ step: 'build', message: 'what the cache holds does not load; making it anew' });
  await rm(binding, { recursive: true, force: true });
  try {
    return await make();
  } catch (error) {
    if (!isDamage(error) || !hadLibrary) throw error;
  }
  for (const folder of [binding, library]) await rm(folder, { recursive: true, force: true });
  return make();
}

async function provide(
  root: string,
  tfjsNode: TfjsNode,
  check: boolean,
  onProgress: (progress: InstallProgress) => void,
): Promise<Provided> {
  let reason: string;
  try {
    const wheel = wheelForThisMachine();
    if (!wheel) throw new InstallError(`TensorFlow must ship its library for this platform, got ${platform}`);
    const { library, binding } = await provideCurrent(root, wheel, tfjsNode, check, onProgress);
    return { binding, library, upstream: false, message: `TensorFlow ${wheel.version} is ready in ${root}` };
  } catch (error) {
    if (!(error instanceof InstallError) || error.fatal) throw error;
    reason = reasonOf(error);
  }
  if (process.env['HEED_TENSORFLOW'] !== 'upstream') {
    const offer = "HEED_TENSORFLOW=upstream takes tfjs-node's own download instead, whose content nobody has pinned";
    throw new InstallError(`${reason}; ${offer}`);
  }
  try {
    const folder = await provideUpstream(root, tfjsNode, onProgress);
    const message = `the TensorFlow that tfjs-node downloads is ready, without compile(): ${reason}`;
    return { binding: folder, library: `${folder}/deps`, upstream: true, message };
  } catch (error) {
    if (error instanceof InstallError && error.fatal) throw error;
    throw new InstallError(`${reason}; ${reasonOf(error)}`, { cause: error });
  }
}
