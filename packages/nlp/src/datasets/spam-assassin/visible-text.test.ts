import { describe, expect, it } from 'vitest';
import { visibleText } from './visible-text.ts';

describe('visibleText', () => {
  it('leaves an entity that it does not know as it is, be it a property of every object', () => {
    expect(visibleText('a &constructor; &__proto__; &toString; b')).toBe('a &constructor; &__proto__; &toString; b');
  });

  it('keeps what follows a script or a tag that is never closed', () => {
    expect(visibleText('one <script>two')).toBe('one two');
    expect(visibleText('one <br two')).toBe('one <br two');
  });

  it('hides a comment that is never closed, to the end', () => {
    expect(visibleText('one<!-- two > three')).toBe('one');
  });

  it('takes time in proportion to the text, also for tags that are never closed', () => {
    for (const unit of ['<br ', '<a', '<script>', '<!--', '<', '&nbsp;', '</head', '<style></style', '&', '\n ']) {
      expect(visibleText(unit.repeat(1_000_000 / unit.length)).length).toBeLessThanOrEqual(1_000_000);
    }
  }, 10_000);
});
