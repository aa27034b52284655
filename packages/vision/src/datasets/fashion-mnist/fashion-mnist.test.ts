import { gzipSync } from 'node:zlib';
import { storedFiles } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { describe, expect, it } from 'vitest';
import { FASHION_LABELS, fashionMnist, readFashionMnist } from './fashion-mnist.ts';

const files = storedFiles(fashionMnist);

describe.skipIf(files === undefined)('Fashion-MNIST', () => {
  it('has the statistics that its card states', async () => {
    const { train, test } = await readFashionMnist(files!);
    expect([train.length, test.length]).toEqual([fashionMnist.splits!.train, fashionMnist.splits!.test]);
    for (const label of FASHION_LABELS) {
      expect(train.filter((example) => example.label === label).length).toBe(6000);
      expect(test.filter((example) => example.label === label).length).toBe(1000);
    }
    // the mean that is published with the set is .2860 of 255
    const sum = train.reduce((total, { image }) => total + image.data.reduce((part, value) => part + value, 0), 0);
    expect(sum / (60000 * 784)).toBeCloseTo(72.94, 2);
    expect(train[0].label).toBe('Ankle boot');
  });
});

describe('readFashionMnist', () => {
  const write = async (labels: number[], change: { sizes?: number[] } = {}) => {
    const folder = memoryFolder();
    const idx = (sizes: number[], data: number[]) => {
      const head = [0, 0, 8, sizes.length, ...sizes.flatMap((size) => [0, 0, 0, size])];
      return new Uint8Array(gzipSync(Uint8Array.from([...head, ...data])));
    };
    for (const name of ['train', 't10k']) {
      await folder.write(`${name}-images-idx3-ubyte.gz`, idx(change.sizes ?? [2, 1, 2], [1, 2, 3, 4]));
      await folder.write(`${name}-labels-idx1-ubyte.gz`, idx([labels.length], labels));
    }
    return folder;
  };

  it('gives pictures with their labels, in their order', async () => {
    const { train } = await readFashionMnist(await write([9, 0]));
    expect(train.map(({ image, label }) => [label, [...image.data]])).toEqual([
      ['Ankle boot', [1, 2]],
      ['T-shirt/top', [3, 4]],
    ]);
  });

  it('refuses files that do not fit, naming them', async () => {
    await expect(readFashionMnist(await write([1]))).rejects.toThrow(
      'train must have a label for each picture, got 2 and 1',
    );
    await expect(readFashionMnist(await write([1, 10]))).rejects.toThrow(
      'a label of train must be below 10, got 10 at 1',
    );
    await expect(readFashionMnist(await write([1, 1], { sizes: [2, 2, 2] }))).rejects.toThrow(
      'train-images-idx3-ubyte.gz must hold 2 × 2 × 2 bytes, got 4',
    );
    const folder = await write([1, 1]);
    await folder.write('train-images-idx3-ubyte.gz', Uint8Array.of(1, 2, 3));
    await expect(readFashionMnist(folder)).rejects.toThrow(
      'train-images-idx3-ubyte.gz must be a gzip file, got 3 bytes',
    );
    await folder.write('train-images-idx3-ubyte.gz', new Uint8Array(gzipSync(Uint8Array.of(1, 2, 3))));
    await expect(readFashionMnist(folder)).rejects.toThrow('must be bytes in 3 dimensions');
  });
});
