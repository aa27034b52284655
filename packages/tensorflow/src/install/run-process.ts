import { spawn } from 'node:child_process';

export interface ProcessResult {
  /** The exit code; null where the process was ended by a signal or could not be started. */
  readonly code: number | null;
  /** Standard output and standard error together. */
  readonly output: string;
}

/** Runs a command to its end without a shell. A command that cannot be started gives `code: null` and the reason. */
export function runProcess(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string | undefined>; timeoutSeconds?: number } = {},
): Promise<ProcessResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.timeoutSeconds === undefined ? {} : { timeout: options.timeoutSeconds * 1000 }),
    });
    let output = '';
    const collect = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** The line of a tool's output that says what went wrong: the last one that names an error, else the last one. */
export function errorLine(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const named = lines.filter((line) => /\berror\b/i.test(line));
  return named.at(-1) ?? lines.findLast((line) => line !== '') ?? 'no output';
}
