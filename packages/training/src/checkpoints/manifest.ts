/** What a whole checkpoint consists of; written last, so that an interrupted write leaves none. */
export interface Manifest {
  readonly format: 'heed-checkpoint';
  readonly version: 2;
  readonly step: number;
  /** Whether it was the best evaluation when it was made. */
  readonly best: boolean;
  readonly files: Readonly<Record<string, FileDescription>>;
}

/** A file's size, and its sum where the platform can make one. */
export interface FileDescription {
  readonly bytes: number;
  readonly sha256: string | null;
}

/** What a manifest says of a file. */
export async function describeFile(data: Uint8Array): Promise<FileDescription> {
  return { bytes: data.length, sha256: await sha256(data) };
}

/** @throws if the bytes are not a manifest */
export function parseManifest(data: Uint8Array): Manifest {
  const manifest = JSON.parse(new TextDecoder().decode(data)) as Partial<Manifest> | null;
  if (
    manifest?.format !== 'heed-checkpoint' ||
    typeof manifest.files !== 'object' ||
    !Number.isSafeInteger(manifest.step)
  ) {
    throw new Error('the manifest is not one of a checkpoint');
  }
  if (manifest.version !== 2) throw new Error(`the manifest's version must be 2, got ${String(manifest.version)}`);
  return manifest as Manifest;
}

/** @throws if a file is not as the manifest says */
export async function verifyFile(name: string, data: Uint8Array, expected: FileDescription): Promise<void> {
  if (data.length !== expected.bytes) throw new Error(`${name} must have ${expected.bytes} bytes, got ${data.length}`);
  const sum = expected.sha256 === null ? null : await sha256(data);
  if (sum !== null && sum !== expected.sha256)
    throw new Error(`${name} must have sha256 ${expected.sha256}, got ${sum}`);
}

/** Hexadecimal, or null where a page is not served securely and has no `crypto.subtle`. */
async function sha256(data: Uint8Array): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
