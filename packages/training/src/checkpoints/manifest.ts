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
  let manifest: { readonly [Field in keyof Manifest]?: unknown } | null;
  try {
    manifest = JSON.parse(new TextDecoder().decode(data)) as typeof manifest;
  } catch (error) {
    throw new Error(`the manifest must be JSON: ${(error as Error).message.slice(0, 80)}`, { cause: error });
  }
  const { format, version, step, best, files } = manifest ?? {};
  if (format !== 'heed-checkpoint' || !Number.isSafeInteger(step) || (step as number) < 0) {
    throw new Error('the manifest is not one of a checkpoint');
  }
  if (version !== 2) throw new Error(`the manifest's version must be 2, got ${JSON.stringify(version)?.slice(0, 20)}`);
  const described = Object.fromEntries(parseDescriptions('the manifest', files));
  return { format, version, step: step as number, best: best === true, files: described };
}

/**
 * Sizes and sums as JSON has them.
 *
 * @param owner how messages begin
 * @throws if they are none, or a name leads out of the folder
 */
export function parseDescriptions(owner: string, files: unknown): ReadonlyMap<string, FileDescription> {
  if (typeof files !== 'object' || files === null || Array.isArray(files)) {
    throw new Error(`${owner} must have an object files, got ${JSON.stringify(files)?.slice(0, 60)}`);
  }
  const described = new Map<string, FileDescription>();
  for (const [name, file] of Object.entries(files as Record<string, Partial<FileDescription> | null>)) {
    const { bytes, sha256 } = file ?? {};
    const relative = name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
    const summed = sha256 === null || (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256));
    if (!relative || name === '__proto__' || !Number.isSafeInteger(bytes) || bytes! < 0 || !summed) {
      const got = `${JSON.stringify(name).slice(0, 60)}: ${JSON.stringify(file)?.slice(0, 120)}`;
      throw new Error(`${owner} must have bytes and sha256 of every file under a relative name, got ${got}`);
    }
    described.set(name, { bytes: bytes!, sha256: sha256 as string | null });
  }
  return described;
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
