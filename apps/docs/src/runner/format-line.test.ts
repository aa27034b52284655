import { expect, it } from 'vitest';
import { formatLine } from './format-line.ts';

it('shows texts as they are and the rest as JSON', () => {
  expect(formatLine(['loss', 0.5, [1, 2], 'done'])).toBe('loss 0.5 [1,2] done');
});
