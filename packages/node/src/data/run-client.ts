import { printableText } from '@heed/attention-core';
import { spawn } from 'node:child_process';
import { errorCode } from '../files/error-code.ts';

/**
 * Runs a registry's own client to its end and returns what it wrote to stdout.
 *
 * @throws if it is not installed or fails, with the line of its output that says why
 */
export async function runClient(
  command: string,
  args: readonly string[],
  options: { cwd: string; signal?: AbortSignal | undefined },
): Promise<string> {
  const { signal, cwd } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], ...(signal && { signal }) });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('error', (error) => {
      if (signal?.aborted === true) reject(signal.reason as Error);
      else
        reject(
          new Error(`${command} ${errorCode(error) === 'ENOENT' ? 'is not installed' : error.message}`, {
            cause: error,
          }),
        );
    });
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else
        reject(
          new Error(
            `${command} ${args[0]} failed: ${tellingLine(errors) ?? tellingLine(output) ?? `exit code ${code}`}`,
          ),
        );
    });
  });
}

/** The first line that names an error, less the tool's own prefix; else the last that says anything. */
function tellingLine(output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trim());
  const line =
    lines.find((line) => /^(npm )?(error|err!|e:)/i.test(line) && !/^npm error code/i.test(line)) ??
    lines.findLast(Boolean);
  return line && printableText(line.replace(/^(npm )?(error|err!|e):?\s*/i, ''), { most: 1000 });
}
