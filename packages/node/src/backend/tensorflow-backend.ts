import { canCompile, compile, loadTensorflow } from '@heed/tensorflow';
import { installCompiler, type Compiler } from '@heed/training';

/**
 * Makes native TensorFlow the backend and lets `compile` of @heed/training record steps.
 *
 * @returns what computes, for messages, and whether steps are recorded: upstream's own binding cannot
 * @throws if tfjs-node or its binding does not load
 */
export async function startTensorflow(): Promise<{ detail: string; compiles: boolean }> {
  const tf = await loadTensorflow();
  const { binding } = tf.backend() as unknown as { binding: { TF_Version: string } };
  const compiles = canCompile();
  installCompiler(compiles ? recordingCompiler : undefined);
  return { detail: `TensorFlow ${binding.TF_Version}, ${compiles ? 'compiled steps' : 'eager'}`, compiles };
}

/** `compile` of @heed/tensorflow in the words of training, which hears of those recordings only that will be replayed. */
export const recordingCompiler: Compiler = (fn, { xla, limit, onRecord } = {}) =>
  compile(fn, {
    ...(xla !== undefined && { xla }),
    ...(limit !== undefined && { limit }),
    onRecord: ({ kept, milliseconds, nodes }) => {
      if (kept) onRecord?.({ milliseconds, operations: nodes });
    },
  });
