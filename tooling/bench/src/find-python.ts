import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Prints the version of torch, and that of transformers where it is there. */
const VERSIONS =
  'import torch, importlib.metadata as m; print(torch.__version__, *(d.version for d in m.distributions(name="transformers")))';

/** A Python that has torch, `HEED_PYTHON` before others, with the versions of torch and transformers; undefined where there is none. */
export async function findTorch(): Promise<
  { readonly python: string; readonly versions: Readonly<Record<string, string>> } | undefined
> {
  const { HEED_PYTHON } = process.env;
  for (const python of [...(HEED_PYTHON === undefined ? [] : [HEED_PYTHON]), 'python3', 'python']) {
    try {
      const { stdout } = await run(python, ['-c', VERSIONS]);
      const [torch, transformers] = stdout.trim().split(' ');
      return { python, versions: { torch, ...(transformers !== undefined && { transformers }) } };
    } catch {
      continue;
    }
  }
  return undefined;
}
