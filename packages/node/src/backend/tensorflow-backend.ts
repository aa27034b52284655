import { installCompiler, type Compiler } from '@heed/training';
import * as tensorflow from '@heed/tensorflow';

/**
 * Makes native TensorFlow the backend and lets `compile` of @heed/training record steps.
 *
 * @returns what computes, for messages, and whether steps are recorded: upstream's own binding cannot
 * @throws if tfjs-node or its binding does not load
 */
export async function startTensorflow(): Promise<{ detail: string; compiles: boolean }> {
  const tf = await tensorflow.loadTensorflow();
  const { binding } = tf.backend() as unknown as { binding: { TF_Version: string } };
  const { compile } = tensorflow as unknown as { compile?: Compiler };
  const compiles = compile !== undefined && 'addFunctionDef' in binding;
  installCompiler(compiles ? compile : undefined);
  return { detail: `TensorFlow ${binding.TF_Version}, ${compiles ? 'compiled steps' : 'eager'}`, compiles };
}
