import { spawn } from 'node:child_process';

/** What a Python program printed. @throws if it did not end well, with the end of its errors */
export function runPython(args: readonly string[]): Promise<string> {
  const python = process.env.HEED_PYTHON ?? 'python3';
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.on('error', (error) => reject(new Error(`${python} must be a Python: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else
        reject(new Error(`${python} ended with ${code ?? signal}: ${errors.trim().split('\n').slice(-3).join(' ')}`));
    });
  });
}

/** Why Python cannot be asked; nothing where it can. */
export async function missingInPython(modules: readonly string[]): Promise<string | undefined> {
  try {
    await runPython(['-c', `import ${modules.join(', ')}`]);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
