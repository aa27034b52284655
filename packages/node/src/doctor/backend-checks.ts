import { status } from '@heed/tensorflow';
import * as tf from '@tensorflow/tfjs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { backendNames, requestedBackend } from '../backend/backend-name.ts';
import { startCpu } from '../backend/cpu-backend.ts';
import { heedCommand } from '../backend/heed-command.ts';
import { startWasm } from '../backend/wasm-backend.ts';
import type { Check } from './check.ts';

/** Tries every backend: TensorFlow in a process of its own, the others here, on a small product. */
export async function checkBackends(): Promise<Check[]> {
  const tensorflow = await checkTensorflow();
  const wasm = await checkHere('wasm', startWasm);
  const cpu = await checkHere('cpu', startCpu);
  return [tensorflow, wasm, cpu, checkChoice([tensorflow, wasm, cpu])];
}

async function checkTensorflow(): Promise<Check> {
  const name = 'backend tensorflow';
  const { loads, compiles, message, mend } = await status();
  if (loads && compiles) return { name, state: 'ok', detail: message };
  if (mend === undefined) return { name, state: loads ? 'ok' : 'absent', detail: message };
  const installation = heedCommand('install-tensorflow');
  const command = mend.replace('npx heed-tensorflow install', installation);
  // tfjs-node by itself comes without a library.
  const whole = command.includes(installation) ? command : `${command} && ${installation}`;
  return { name, state: loads ? 'ok' : 'absent', detail: message, mend: whole };
}

async function checkHere(backend: 'wasm' | 'cpu', start: () => Promise<string>): Promise<Check> {
  const name = `backend ${backend}`;
  try {
    const detail = await start();
    const [product] = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync());
    if (product !== 11) throw new Error(`1·3 + 2·4 must be 11, got ${product}`);
    return { name, state: 'ok', detail };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, state: 'broken', detail, mend: 'npm install @tensorflow/tfjs@4.22.0 @heed/node' };
  }
}

/** Which backend startBackend() will choose, and whether `HEED_BACKEND` asks for one that does not load. */
function checkChoice(checks: readonly Check[]): Check {
  const name = 'startBackend()';
  const loads = backendNames.filter((_, index) => checks[index].state === 'ok');
  try {
    const requested = requestedBackend(undefined);
    if (requested === undefined) return { name, state: 'ok', detail: `chooses ${loads[0] ?? 'nothing'}` };
    if (loads.includes(requested)) return { name, state: 'ok', detail: `chooses ${requested}, as HEED_BACKEND says` };
    const detail = `HEED_BACKEND asks for ${requested}, which does not load`;
    return {
      name,
      state: 'broken',
      detail,
      mend: checks[backendNames.indexOf(requested)].mend ?? 'unset HEED_BACKEND',
    };
  } catch (error) {
    return {
      name,
      state: 'broken',
      detail: error instanceof Error ? error.message : String(error),
      mend: 'unset HEED_BACKEND',
    };
  }
}

/** With two copies of tfjs, tensors of one are unknown to the other. */
export function checkTfjs(project: string): Check {
  const name = 'tfjs';
  const folderOf = (from: string): string | undefined => {
    try {
      const entry = createRequire(from).resolve('@tensorflow/tfjs');
      return entry.slice(0, entry.lastIndexOf(`${sep}dist${sep}`));
    } catch {
      return undefined;
    }
  };
  const own = folderOf(import.meta.url);
  const projects = folderOf(join(project, 'index.js'));
  if (own !== undefined && projects !== undefined && own !== projects) {
    return { name, state: 'broken', detail: `two copies: ${own} and ${projects}`, mend: 'npm dedupe' };
  }
  return {
    name,
    state: 'ok',
    detail: `${tf.version.tfjs} in ${own === undefined ? 'nowhere' : dirname(dirname(own))}`,
  };
}
