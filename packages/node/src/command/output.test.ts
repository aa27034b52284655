import { afterEach, describe, expect, it, vi } from 'vitest';
import { processOutput } from './output.ts';

describe('processOutput', () => {
  afterEach(() => vi.restoreAllMocks());

  it('shows what is in a name and does not do it, but for colours and lines', () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => (written.push(String(text)), true));
    processOutput.say('no \u001B]0;title\u0007 \u202Efdp.exe\n\u001B[38;5;9mred\u001B[39m \u001B[2J');
    expect(written).toEqual(['no ␛]0;title␇ \uFFFDfdp.exe\n\u001B[38;5;9mred\u001B[39m ␛[2J\n']);
  });
});
