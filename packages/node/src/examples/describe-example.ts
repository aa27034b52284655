import { open } from 'node:fs/promises';
import type { FoundModule } from './find-modules.ts';

/** Bytes of a file in which its description must stand. */
const MOST = 2 ** 18;
const DESCRIPTION =
  /\bsummary:\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"),\s*minutes:\s*\{\s*tensorflow:\s*([\d.]+),\s*wasm:\s*([\d.]+),?\s*\}/;

/**
 * What an example does and how long it takes, as its source says: a list of what is installed runs none of it.
 *
 * @returns undefined where the source does not say it by literals
 */
export async function describeExample({
  file,
}: FoundModule): Promise<{ readonly summary: string; readonly minutes: string } | undefined> {
  const found = DESCRIPTION.exec(await beginningOf(file));
  if (found === null) return undefined;
  const [, quoted, tensorflow, wasm] = found;
  const summary = quoted.slice(1, -1).replace(/\\(['"\\])/g, '$1');
  return { summary, minutes: `${Number(tensorflow)} / ${Number(wasm)}` };
}

async function beginningOf(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return '';
  try {
    if (!(await file.stat()).isFile()) return '';
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST), 0, MOST, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
