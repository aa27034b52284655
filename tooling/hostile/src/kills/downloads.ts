/** What is downloaded, as far as both processes must know it; nothing of tfjs, which takes a second to load. */
import type { DatasetCard } from '@heed/training';
import { createHash } from 'node:crypto';

export const HUB_ID = 'owner/name';

/** 200 kB that no two names share. */
export function contentOf(name: string): Uint8Array {
  return Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31 + name.charCodeAt(0)) & 255);
}

export function card(address: string): DatasetCard {
  const files = ['a', 'b'].map((name) => {
    const content = contentOf(name);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { name, bytes: content.length, sha256, url: `${address}/${name}` };
  });
  return { name: 'killed', licence: 'none', files };
}

interface LibraryModule {
  provideLibrary(root: string, wheel: object, onProgress: () => void): Promise<string>;
}

/** Installs the wheel `tiny` of the index at `address`, as TensorFlow's is. */
export async function installTiny(root: string, address: string): Promise<string> {
  Object.assign(process.env, {
    PIP_INDEX_URL: `${address}/simple/`,
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_CACHE_DIR: '1',
  });
  const sha256 = await (await fetch(`${address}/sum`)).text();
  const wheel = { project: 'tiny', version: '1.0', tag: 'any', sha256, libraries: ['one.so', 'two.so'] };
  const { provideLibrary } = await fromSource<LibraryModule>('tensorflow/src/install/library.ts');
  return provideLibrary(root, wheel, () => undefined);
}

/** A module inside a package, without all that the package's entry brings. */
export async function fromSource<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../../../../packages/${path}`, import.meta.url).href)) as Module;
}
