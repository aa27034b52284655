import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { SearchPlace } from '../examples/find-modules.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `heed run …` or `heed results …` in a process of its own, looking for examples where a test put them. */
export function heed(
  [command, ...args]: readonly ['run' | 'results', ...string[]],
  cwd: string,
  place: SearchPlace,
): { child: ChildProcessByStdio<null, Readable, Readable>; ended: Promise<Ended> } {
  const source = `
    import { processOutput } from ${JSON.stringify(new URL('output.ts', import.meta.url).href)};
    import { ${command} } from ${JSON.stringify(new URL(`${command}.ts`, import.meta.url).href)};
    process.exitCode = await ${command}(${JSON.stringify(args)}, processOutput, ${JSON.stringify(place)});`;
  return start(['--input-type=module', '-e', source], cwd, { HEED_BACKEND: 'cpu' });
}

/** The whole command, as in a clone. */
export function heedInClone(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return start([fileURLToPath(new URL('../heed.ts', import.meta.url)), ...args], process.cwd(), environment).ended;
}

function start(
  args: readonly string[],
  cwd: string,
  environment: Record<string, string>,
): { child: ChildProcessByStdio<null, Readable, Readable>; ended: Promise<Ended> } {
  const node = ['--conditions=@heed/source', '--import', import.meta.resolve('tsx'), ...args];
  const child = spawn(process.execPath, node, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...text })));
  return { child, ended };
}
