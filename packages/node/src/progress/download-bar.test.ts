import { describe, expect, it } from 'vitest';
import { Collector } from './collector.test-support.ts';
import { downloadBar, formatBytes } from './download-bar.ts';

const about = { dataset: 'fashion', file: 'images.gz' };

describe('downloadBar', () => {
  it('says what was got from where, in one plain line where there is no terminal', () => {
    const stream = new Collector();
    const show = downloadBar(stream);
    show({ type: 'source', ...about, source: 'https', from: 'https://heed.invalid/images.gz', bytes: 2_500_000 });
    for (let receivedBytes = 0; receivedBytes <= 2_500_000; receivedBytes += 1000) {
      show({ type: 'progress', ...about, receivedBytes, bytes: 2_500_000 });
    }
    show({ type: 'fetched', ...about, source: 'https' });
    expect(stream.lines).toEqual([
      'getting images.gz of fashion from https https://heed.invalid/images.gz',
      'got images.gz of fashion from https https://heed.invalid/images.gz (2.5 MB)',
    ]);
  });

  it('says nothing of files that are in the cache', () => {
    const stream = new Collector();
    const show = downloadBar(stream);
    show({ type: 'source', ...about, source: 'cache', from: '/cache/images.gz', bytes: 2_500_000 });
    show({ type: 'fetched', ...about, source: 'cache' });
    expect(stream.text).toBe('');
  });

  it('keeps the reason why a source was passed over', () => {
    const stream = new Collector();
    const show = downloadBar(stream);
    show({ type: 'source', ...about, source: 'mirror', from: '/data/images.gz', bytes: 10 });
    show({ type: 'refused', ...about, source: 'mirror', reason: 'must have 10 bytes' });
    expect(stream.lines).toEqual(['passed over mirror /data/images.gz for images.gz of fashion: must have 10 bytes']);
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [1_115_394, '1.1 MB'],
    [274_000_000_000, '274.0 GB'],
  ])('says %s bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
