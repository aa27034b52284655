import { install } from '@heed/tensorflow';
import { searchPlace } from '../examples/find-modules.ts';
import type { Output } from './output.ts';

/** `heed install-tensorflow`: makes @tensorflow/tfjs-node run on a current TensorFlow. */
export async function installTensorflow(output: Output): Promise<number> {
  const { clone } = searchPlace();
  let told = '';
  const { message } = await install({
    ...(clone !== undefined && { project: clone, workspace: true }),
    onProgress: ({ step, message }) => {
      if (step !== told) output.say(`${message} …`);
      told = step;
    },
  });
  output.print(`heed: ${message}`);
  return 0;
}
