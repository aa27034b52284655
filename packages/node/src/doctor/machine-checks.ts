import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../files/cache-folder.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import type { Check } from './check.ts';

/** Everything around TensorFlow: what builds it, what fetches data, and where that is kept. */
export async function checkMachine(): Promise<Check[]> {
  return [...(await Promise.all([checkPython(), checkCompiler(), checkNpm(), checkCache()])), ...checkMirror()];
}

async function checkPython(): Promise<Check> {
  const name = 'Python with pip';
  const python = process.platform === 'win32' ? 'python' : 'python3';
  const pip = await firstLine(python, '-I', '-m', 'pip', '--version');
  if (pip !== undefined) return { name, state: 'ok', detail: pip.replace(/ from .* \(/, ' (') };
  const detail = 'not found; native TensorFlow and some data sets come through it';
  return { name, state: 'absent', detail, mend: installCommand('python3-pip', 'Python.Python.3.12') };
}

async function checkCompiler(): Promise<Check> {
  const name = 'C++ compiler';
  for (const compiler of process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']) {
    const version = await firstLine(compiler, '--version');
    if (version !== undefined) return { name, state: 'ok', detail: version };
  }
  const detail = 'not found; the binding of native TensorFlow is built with it';
  return { name, state: 'absent', detail, mend: installCommand('g++', 'Microsoft.VisualStudio.2022.BuildTools') };
}

async function checkNpm(): Promise<Check> {
  const name = 'npm';
  const version = await firstLine('npm', '--version');
  if (version !== undefined) return { name, state: 'ok', detail: version };
  return { name, state: 'absent', detail: 'not found; some data sets come through it', mend: 'install Node with npm' };
}

async function checkCache(): Promise<Check> {
  const name = 'cache';
  const folder = cacheFolder();
  const probe = join(folder, 'doctor-probe');
  try {
    await writeAtomically(probe, '', 'heed doctor');
    await rm(probe, { force: true });
    return { name, state: 'ok', detail: `${folder} can be written` };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, state: 'broken', detail, mend: 'export HEED_CACHE=<a folder that can be written>' };
  }
}

function checkMirror(): Check[] {
  const mirror = process.env.HEED_DATA;
  if (!mirror) return [];
  const name = 'data mirror';
  if (existsSync(mirror)) return [{ name, state: 'ok', detail: `${resolve(mirror)} (HEED_DATA)` }];
  const detail = `HEED_DATA must name a folder, got ${resolve(mirror)}, which is not there`;
  return [{ name, state: 'broken', detail, mend: 'unset HEED_DATA' }];
}

function installCommand(debian: string, windows: string): string {
  if (process.platform === 'darwin') return 'xcode-select --install';
  if (process.platform === 'win32') return `winget install ${windows}`;
  if (existsSync('/usr/bin/apt-get')) return `sudo apt-get install ${debian}`;
  return `install ${debian} with your system's package manager`;
}

/** The first line that a command prints, or undefined where it cannot be run. */
async function firstLine(command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { timeout: 20_000 });
    return stdout.split('\n')[0].trim();
  } catch {
    return undefined;
  }
}
