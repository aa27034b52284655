import { readFileSync } from 'node:fs';
import { readSafetensors } from '@heed/attention-core';

/** Files and pixels as Pillow has them. */
const file = readSafetensors(readFileSync(new URL('images.golden.safetensors', import.meta.url))); // made by tooling/golden/vision-images.py

/** The names that begin so, without the beginning. */
export function goldenNames(beginning: string): string[] {
  return [...file.entries.keys()]
    .filter((name) => name.startsWith(beginning))
    .map((name) => name.slice(beginning.length));
}

export function goldenBytes(name: string): Uint8Array {
  return Uint8Array.from(file.data(name));
}

/** Height, width and, but for grey pictures, channels. */
export function goldenShape(name: string): readonly number[] {
  return file.entries.get(name)!.shape;
}
