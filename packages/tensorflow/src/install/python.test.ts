import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

import { findPython } from './python.ts';
import { runProcess } from './run-process.ts';

const before = process.cwd();
afterEach(() => process.chdir(before));

it('a file pip.py of the working folder is not run', async (context) => {
  if ((await runProcess('python3', ['-I', '-m', 'pip', '--version'])).code !== 0) context.skip('no Python with pip');
  const folder = await mkdtemp(join(tmpdir(), 'heed-python-'));
  await writeFile(join(folder, 'pip.py'), `open(${JSON.stringify(join(folder, 'ran'))}, 'w')\n`);
  process.chdir(folder);
  expect(await findPython()).toBe('python3');
  expect(existsSync(join(folder, 'ran'))).toBe(false);
  await rm(folder, { recursive: true });
});
