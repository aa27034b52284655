import { describe, expect, it } from 'vitest';
import { centreCrop, crop, flipHorizontally } from './geometry.ts';
import { imageFromPixels, type Image } from './image.ts';

const image: Image = { width: 3, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };

describe('crop', () => {
  it('takes a part, and fills what lies outside', () => {
    expect([...crop(image, { left: 1, top: 0, width: 2, height: 1 }).data]).toEqual([2, 3]);
    expect([...crop(image, { left: -1, top: 1, width: 3, height: 2 }, 9).data]).toEqual([9, 4, 5, 9, 9, 9]);
    expect([...crop(image, { left: 7, top: 0, width: 1, height: 1 }).data]).toEqual([0]);
  });

  it('refuses a rectangle without area', () => {
    expect(() => crop(image, { left: 0, top: 0, width: 0, height: 1 })).toThrow(
      'crop: the rectangle must be of integers and have an area, got left=0, top=0, width=0',
    );
  });
});

describe('centreCrop', () => {
  it('takes the middle, with black around where there is too little', () => {
    expect([...centreCrop(image, 1, 2).data]).toEqual([2, 5]);
    expect([...centreCrop(image, 5, 2).data]).toEqual([0, 1, 2, 3, 0, 0, 4, 5, 6, 0]);
  });
});

describe('flipHorizontally', () => {
  it('exchanges left and right', () => {
    expect([...flipHorizontally(image).data]).toEqual([3, 2, 1, 6, 5, 4]);
  });
});

describe('imageFromPixels', () => {
  it('puts what is transparent on white', () => {
    const data = Uint8ClampedArray.of(10, 20, 30, 255, 10, 20, 30, 0);
    expect([...imageFromPixels({ width: 2, height: 1, data }).data]).toEqual([10, 20, 30, 255, 255, 255]);
    expect(() => imageFromPixels({ width: 2, height: 2, data })).toThrow(
      'imageFromPixels: 2 × 2 pixels must have 16 bytes, got 8',
    );
  });
});
