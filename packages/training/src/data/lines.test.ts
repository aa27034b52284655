import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lines, type LinesOptions } from './lines.ts';

async function read(chunks: Uint8Array[], options?: LinesOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines(chunks, options)) found.push(line);
  return found;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('lines', () => {
  it('are what lies between line ends, with or without one at the end', async () => {
    expect(await read([bytes('a\nb\r\n\nc')])).toEqual(['a', 'b', '', 'c']);
    expect(await read([bytes('a\n')])).toEqual(['a']);
    expect(await read([])).toEqual([]);
  });

  it('are the same however the bytes are cut, amid a letter too', async () => {
    const text = fc.array(fc.constantFrom('a', 'ü', '語', '🙂', '\n', '\r\n')).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 5 }), async (given, size) => {
        const all = bytes(given);
        const cut = Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
          all.subarray(i * size, (i + 1) * size),
        );
        expect(await read(cut)).toEqual(await read([all]));
      }),
      { numRuns: 300 },
    );
  });

  it('holds a bounded part of the text', async () => {
    async function* endless() {
      for (;;) yield bytes('x'.repeat(100));
    }
    const reading = (async () => {
      for await (const line of lines(endless(), { maxLength: 1000 })) throw new Error(line);
    })();
    await expect(reading).rejects.toThrow('lines: a line must have at most 1000 characters, got 1100 in line 1');
  });

  it('names the line near which the text is not UTF-8', async () => {
    await expect(read([bytes('a\nb\n'), Uint8Array.of(0xff)])).rejects.toThrow(
      'lines: the text must be UTF-8, got other bytes near line 3',
    );
    await expect(read([bytes('語').subarray(0, 2)])).rejects.toThrow('near line 1');
  });
});
