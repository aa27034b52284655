import xz from 'xz-decompress';

/** The text in an `.xz`. @throws if it is none, naming the reader and the file */
export async function unpackXz(owner: string, file: string, bytes: Uint8Array): Promise<string> {
  try {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    return await new Response(new xz.XzReadableStream(stream)).text();
  } catch (error) {
    throw new Error(`${owner}: ${file} must be an .xz, got ${bytes.length} bytes that are none`, { cause: error });
  }
}
