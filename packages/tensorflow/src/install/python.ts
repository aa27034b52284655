import { InstallError } from './install-error.ts';
import { runProcess } from './run-process.ts';

/** Finds a Python 3 that has pip. Throws where there is none, naming what was tried. */
export async function findPython(): Promise<string> {
  const tried: string[] = [];
  for (const command of process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python']) {
    // -I: a file pip.py in the working folder is not the pip that is meant
    const { code } = await runProcess(command, [
      '-I',
      '-c',
      'import sys, pip, zipfile; sys.exit(sys.version_info < (3, 8))',
    ]);
    if (code === 0) return command;
    tried.push(code === null ? `${command}: not found` : `${command}: too old or without pip`);
  }
  throw new InstallError(`the download needs Python 3.8 or later with pip, got ${tried.join(', ')}`);
}
