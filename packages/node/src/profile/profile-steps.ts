import { installCompiler } from '@heed/training';
import type { StartedBackend } from '../backend/start-backend.ts';
import { StepProfiler, type StepProfile } from './step-profiler.ts';

/**
 * Runs `work` and profiles the training steps in it.
 *
 * @param backend the one that was started
 */
export async function profileSteps(
  { compiles }: Pick<StartedBackend, 'compiles'>,
  work: () => Promise<void>,
): Promise<StepProfile[]> {
  const inner = compiles ? (await import('../backend/tensorflow-backend.ts')).recordingCompiler : undefined;
  const profiler = new StepProfiler(inner);
  installCompiler(profiler.compiler);
  try {
    await work();
  } finally {
    installCompiler(inner);
  }
  return profiler.profiles();
}
