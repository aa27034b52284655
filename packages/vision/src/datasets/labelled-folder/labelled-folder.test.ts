import { memoryFolder } from '@heed/training';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../images/encode-png.ts';
import { readLabelledFolder } from './labelled-folder.ts';

const png = (value: number) => encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(value) });

describe('readLabelledFolder', () => {
  it('takes classes from folders, in the order of names, and passes over what is no picture', async () => {
    const folder = memoryFolder();
    for (const [name, value] of [
      ['dog/old/2.PNG', 2],
      ['cat/1.png', 1],
      ['dog/1.png', 3],
    ] as const)
      await folder.write(name, await png(value));
    await folder.write('notes.txt', new Uint8Array(3));
    const { examples, labels } = await readLabelledFolder(folder);
    expect(labels).toEqual(['cat', 'dog']);
    expect(examples.map(({ name, label, image }) => [name, label, image.data[0]])).toEqual([
      ['cat/1.png', 'cat', 1],
      ['dog/1.png', 'dog', 3],
      ['dog/old/2.PNG', 'dog', 2],
    ]);
  });

  it('names what it cannot use', async () => {
    const folder = memoryFolder('pictures');
    await expect(readLabelledFolder(folder)).rejects.toThrow('got none in pictures');
    await folder.write('cat/1.png', new Uint8Array(40));
    await expect(readLabelledFolder(folder)).rejects.toThrow(
      'decodeImage: cat/1.png: the file must be a PNG, JPEG or WebP',
    );
    await folder.write('cat/1.png', await png(1));
    await folder.write('alone.png', await png(1));
    await expect(readLabelledFolder(folder)).rejects.toThrow(
      'a picture must be in a folder named after its class, got alone.png in pictures',
    );
  });
});
