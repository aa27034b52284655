import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A Python that has torch, `HEED_PYTHON` before others, and torch's version; undefined where there is none. */
export async function findTorch(): Promise<{ readonly python: string; readonly version: string } | undefined> {
  const { HEED_PYTHON } = process.env;
  for (const python of [...(HEED_PYTHON === undefined ? [] : [HEED_PYTHON]), 'python3', 'python']) {
    try {
      const { stdout } = await run(python, ['-c', 'import torch; print(torch.__version__)']);
      return { python, version: stdout.trim() };
    } catch {
      continue;
    }
  }
  return undefined;
}
