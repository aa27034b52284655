import { installCompiler, registerFolderOpener, registerHubLoader } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { fileFolder } from '../files/file-folder.ts';
import { hubFolder } from '../hub/hub-folder.ts';
import { backendNames, requestedBackend, type BackendName } from './backend-name.ts';
import { surviveEndOf } from '../progress/display.ts';
import { heedCommand } from './heed-command.ts';

export interface StartBackendOptions {
  /** Default: the best that loads. The environment's `HEED_BACKEND` overrides it. */
  readonly backend?: BackendName;
  /** Where the one line goes that says what was chosen. Default: stderr. */
  readonly onMessage?: (line: string) => void;
}

/** What computes from now on. */
export interface StartedBackend {
  readonly name: BackendName;
  /** The library behind it with its version, e.g. `TensorFlow 2.21.0, compiled steps`. */
  readonly detail: string;
  /** Whether `compile` of @heed/training records steps; elsewhere it is the identity. */
  readonly compiles: boolean;
  /** The better ones that did not load, and why. */
  readonly passedOver: readonly { readonly name: BackendName; readonly reason: string }[];
}

let started: StartedBackend | undefined;

/**
 * Starts the best backend that loads, native TensorFlow, else WebAssembly, else plain JavaScript, and says so in one line.
 * It also makes path strings work wherever @heed packages take a folder, and keeps what hub ids stand for in the cache (`hubFolder`). A second call changes nothing and says nothing,
 * unless it asks for another backend.
 *
 * @throws if a backend that was asked for does not load (the message has the command that mends it), or is unknown
 *
 * @example
 * ```ts
 * import { startBackend } from '@heed/node';
 * const { name } = await startBackend({ onMessage: () => undefined });
 * console.log(name); // 'tensorflow', 'wasm' or 'cpu'
 * ```
 */
export async function startBackend(options: StartBackendOptions = {}): Promise<StartedBackend> {
  const requested = requestedBackend(options.backend);
  registerFolderOpener(fileFolder);
  registerHubLoader(hubFolder);
  if (started !== undefined && tf.getBackend() === started.name && (requested ?? started.name) === started.name) {
    return started;
  }
  started = await startFirst(requested === undefined ? backendNames : [requested]);
  if (options.onMessage === undefined) surviveEndOf(process.stderr);
  const say = options.onMessage ?? ((line) => process.stderr.write(`${line}\n`));
  say(describe(started));
  return started;
}

async function startFirst(names: readonly BackendName[]): Promise<StartedBackend> {
  const passedOver: { name: BackendName; reason: string }[] = [];
  for (const name of names) {
    try {
      return { name, ...(await start(name)), passedOver };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (names.length === 1) {
        const rule = `startBackend: ${name} was asked for and must load, got: ${reason.replace(NAMED_COMMAND, '')}`;
        throw new Error(`${rule}\nMend it with: ${mend(name, reason)}`, { cause: error });
      }
      passedOver.push({ name, reason });
    }
  }
  throw new Error('startBackend: no backend loads');
}

/** What is not chosen is not loaded. */
async function start(name: BackendName): Promise<{ detail: string; compiles: boolean }> {
  if (name === 'tensorflow') return (await import('./tensorflow-backend.ts')).startTensorflow();
  installCompiler(undefined);
  if (name === 'wasm') return { detail: await (await import('./wasm-backend.ts')).startWasm(), compiles: false };
  return { detail: await (await import('./cpu-backend.ts')).startCpu(), compiles: false };
}

function describe({ name, detail, compiles, passedOver }: StartedBackend): string {
  const line = `heed: backend ${name} (${detail})`;
  if (name === 'tensorflow' && !compiles) return `${line}; compiled steps are faster: ${mend(name, '')}`;
  const [native] = passedOver;
  return native === undefined ? line : `${line}; native TensorFlow is faster: ${mend(native.name, native.reason)}`;
}

/** The one command that makes a backend load: the one that the reason names, or the usual one. */
function mend(name: BackendName, reason: string): string {
  const named = NAMED_COMMAND.exec(reason)?.[1];
  if (named !== undefined) return named.replace('npx heed-tensorflow install', heedCommand('install-tensorflow'));
  switch (name) {
    case 'tensorflow':
      return heedCommand('install-tensorflow');
    case 'wasm':
      return 'npm install @tensorflow/tfjs-backend-wasm@4.22.0';
    case 'cpu':
      return 'npm install @tensorflow/tfjs@4.22.0';
  }
}

/** @heed/tensorflow ends its messages so. */
const NAMED_COMMAND = /; run: (.*)$/s;
