import type { FileReader } from '@heed/training';

/** Bytes in as many dimensions as there are sizes. */
interface IdxBytes {
  readonly sizes: readonly number[];
  readonly data: Uint8Array;
}

/** A gzipped IDX file of bytes, the format of MNIST. @throws if it is none, naming it */
export async function readIdx(owner: string, files: FileReader, name: string, dimensions: number): Promise<IdxBytes> {
  const packed = (await files.read(name)) as Uint8Array<ArrayBuffer>;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const buffer = await new Response(stream).arrayBuffer().catch((cause: unknown) => {
    throw new Error(`${owner}: ${name} must be a gzip file, got ${packed.length} bytes that are none`, { cause });
  });
  const start = 4 + 4 * dimensions;
  const view = new DataView(buffer);
  if (buffer.byteLength < start || view.getUint32(0) !== 0x800 + dimensions) {
    throw new Error(
      `${owner}: ${name} must be bytes in ${dimensions} dimensions, as IDX files mark them, got another beginning`,
    );
  }
  const sizes = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = sizes.reduce((product, size) => product * size, 1);
  if (buffer.byteLength - start !== expected) {
    throw new Error(`${owner}: ${name} must hold ${sizes.join(' × ')} bytes, got ${buffer.byteLength - start}`);
  }
  return { sizes, data: new Uint8Array(buffer, start) };
}
