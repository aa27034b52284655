import { describe, expect, it } from 'vitest';
import { goldenTensors } from '../models/golden.test-support.ts';
import type { Image } from '../images/image.ts';
import { framed, imageTensor, publishedReading, readingFrom } from './image-reader.ts';

// made by tooling/golden/vision-preprocessing.py
const golden = goldenTensors(new URL('image-reader.golden.safetensors', import.meta.url));
const CONFIGS = {
  stretch: { size: { height: 12, width: 20 }, resample: 2, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
  bicubic: {
    size: { height: 16, width: 16 },
    resample: 3,
    image_mean: [0.485, 0.456, 0.406],
    image_std: [0.229, 0.224, 0.225],
  },
  crop: {
    size: { shortest_edge: 16 },
    resample: 3,
    do_center_crop: true,
    crop_size: { height: 16, width: 16 },
    image_mean: [0.48, 0.46, 0.41],
    image_std: [0.27, 0.26, 0.28],
  },
};
const photos = (['wide', 'tall'] as const).map((name): readonly [string, Image] => {
  const tensor = golden.tensor(`photo/${name}`);
  const [height, width] = tensor.shape;
  return [name, { width: width!, height, channels: 3, data: Uint8Array.from(tensor.dataSync()) }];
});

describe('imageTensor', () => {
  it.each(Object.entries(CONFIGS))("gives what transformers' Pillow processor gives: %s", (name, config) => {
    const reading = readingFrom('test', config);
    for (const [photo, image] of photos) {
      const { data, shape } = imageTensor([framed('test', image, reading)], reading);
      const expected = golden.tensor(`${name}/${photo}`);
      expect(shape).toEqual([1, ...expected.shape]);
      expect(data).toBeAllClose(expected.dataSync(), { absolute: 1e-6, relative: 1e-6 });
    }
  });
});

describe('readingFrom', () => {
  it('is written back as it was read', () => {
    for (const config of Object.values(CONFIGS)) {
      const reading = readingFrom('test', config);
      expect(readingFrom('test', publishedReading(reading))).toEqual(reading);
    }
    expect(readingFrom('test', { size: 7, image_mean: [0], image_std: [1] })).toMatchObject({
      imageSize: [7, 7],
      channels: 1,
    });
  });

  it.each([
    [{ do_resize: false }, 'test: do_resize: '],
    [{ resample: 0 }, 'test: resample: '],
    [{ rescale_factor: 1 / 127.5 }, 'test: rescale_factor: must be 1/255'],
    [{ do_center_crop: true, crop_size: 5 }, 'test: crop_size: must be what pictures are shrunk to, 7 × 7, got 5 × 5'],
    [{ image_mean: [0, 0] }, 'test: image_mean and image_std: must have 1 or 3 numbers, got 2 and 3'],
  ])('refuses what is not done here: %j', (change, message) => {
    expect(() => readingFrom('test', { size: 7, ...change })).toThrow(message);
  });
});
