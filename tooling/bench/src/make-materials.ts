import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { nodeCommand } from './contender-process.ts';

const run = promisify(execFile);

/**
 * Runs a benchmark's scripts in their order; those in Python are left out where there is none.
 *
 * @param folder what they write to
 * @throws with a script's last words if it fails
 */
export async function makeMaterials(
  scripts: readonly string[],
  folder: string,
  { python, quick }: { readonly python: string | undefined; readonly quick: boolean },
): Promise<void> {
  for (const script of scripts) {
    const command = script.endsWith('.py') ? [python, script] : nodeCommand(script);
    const [program, ...args] = [...command, folder, quick ? 'quick' : 'full'];
    if (program === undefined) continue;
    try {
      await run(program, args as string[]);
    } catch (error) {
      const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
      const lines = (stderr || message).trim().split('\n');
      throw new Error(`materials: ${lines.findLast((line) => /Error/.test(line)) ?? lines.at(-1)}`, { cause: error });
    }
  }
}
