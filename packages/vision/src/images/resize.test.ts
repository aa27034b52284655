import { describe, expect, it } from 'vitest';
import { goldenBytes, goldenNames } from './golden.test-support.ts';
import { withChannels, type Image } from './image.ts';
import { resize, type ResizeFilter } from './resize.ts';

const source: Image = { width: 43, height: 29, channels: 3, data: goldenBytes('resize/source') };

describe('resize', () => {
  it.each(goldenNames('resize/').filter((name) => name !== 'source'))('gives Pillow’s bytes: %s', (name) => {
    const [filter, size] = name.split('/');
    const [width, height] = size.split('x').map(Number);
    const { data } = resize(source, width, height, filter as ResizeFilter);
    expect(Buffer.compare(Buffer.from(data), Buffer.from(goldenBytes(`resize/${name}`)))).toBe(0);
  });

  it('refuses sizes and filters that are none, naming them', () => {
    expect(() => resize(source, 0, 3, 'bicubic')).toThrow('resize: width must be a positive integer, got 0');
    expect(() => resize(source, 3, 1.5, 'bicubic')).toThrow('resize: height must be a positive integer, got 1.5');
    expect(() => resize(source, 3, 3, 'cubic' as ResizeFilter)).toThrow(
      'resize: filter must be one of bilinear, bicubic, lanczos, got cubic',
    );
    expect(() => resize({ ...source, width: 44 }, 3, 3, 'bicubic')).toThrow(
      'resize: an image of 44 × 29 × 3 must have 3828 bytes, got 3741',
    );
  });
});

describe('withChannels', () => {
  it('gives Pillow’s grey', () => {
    expect(Buffer.compare(Buffer.from(withChannels(source, 1).data), Buffer.from(goldenBytes('grey')))).toBe(0);
  });
});
