import type { FileSource } from '@heed/training';
import { decodeImage, type DecodeOptions } from '../../images/decode-image.ts';
import type { LabelledImage } from '../labelled-image.ts';

export interface LabelledFolder {
  readonly examples: (LabelledImage & { readonly name: string })[];
  /** The classes, in the order of their names. */
  readonly labels: string[];
}

const PICTURE = /\.(png|jpe?g|webp)$/i;

/**
 * Pictures in folders that are named after their classes: `cat/1.jpg`, `dog/1.jpg`; a folder inside a class belongs to it. Other files are passed over.
 *
 * @param source a folder (`fileFolder('./photos')` of @heed/node)
 * @throws if there is no picture, one lies outside of the folders, or one cannot be read, naming it
 *
 * @example
 * ```ts
 * import { encodePng, readLabelledFolder } from '@heed/vision';
 * import { memoryFolder } from '@heed/training';
 * const folder = memoryFolder();
 * const dark = { width: 1, height: 1, channels: 1, data: Uint8Array.of(9) } as const;
 * await folder.write('dark/1.png', await encodePng(dark));
 * const { labels } = await readLabelledFolder(folder); // ['dark']
 * ```
 */
export async function readLabelledFolder(source: FileSource, options: DecodeOptions = {}): Promise<LabelledFolder> {
  const names = (await source.list()).filter((name) => PICTURE.test(name)).toSorted();
  if (names.length === 0) {
    throw new Error(
      `readLabelledFolder: there must be PNG, JPEG or WebP files in folders named after their classes, got none in ${source.label}`,
    );
  }
  const examples: LabelledFolder['examples'] = [];
  for (const name of names) {
    const [label, ...rest] = name.split('/');
    if (rest.length === 0) {
      throw new Error(
        `readLabelledFolder: a picture must be in a folder named after its class, got ${name} in ${source.label}`,
      );
    }
    const image = await decodeImage(await source.read(name), { ...options, name });
    examples.push({ image, label, name });
  }
  return { examples, labels: [...new Set(examples.map(({ label }) => label))].toSorted() };
}
