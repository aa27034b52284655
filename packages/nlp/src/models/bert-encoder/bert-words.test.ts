import { describe, expect, it } from 'vitest';
import { bertWords, separatesHan } from './bert-words.ts';

const shown = (text: string, separateHan = true) =>
  bertWords(text, separateHan).map((word) => `${word.text} ${word.start}–${word.end}`);
const json = (normalizer: object | null) => new TextEncoder().encode(JSON.stringify({ normalizer }));

describe('bertWords', () => {
  it('parts words at white space and punctuation, and says where they stand', () => {
    expect(shown(' -paris- isn’t')).toEqual(['- 1–2', 'paris 2–7', '- 7–8', 'isn 9–12', '’ 12–13', 't 13–14']);
    expect(shown('5$ a_b')).toEqual(['5 0–1', '$ 1–2', 'a 3–4', '_ 4–5', 'b 5–6']);
  });

  it('takes ideographs one by one, and kana and Hangul together', () => {
    expect(shown('北京hat')).toEqual(['北 0–1', '京 1–2', 'hat 2–5']);
    expect(shown('𠀀𠀁')).toEqual(['𠀀 0–2', '𠀁 2–4']);
    expect(shown('ひらがな 한국')).toEqual(['ひらがな 0–4', '한국 5–7']);
    expect(shown('北京', false)).toEqual(['北京 0–2']);
  });
});

describe('separatesHan', () => {
  it('is what the normalizer says, by itself or in a sequence', () => {
    const bert = (separate: boolean) => ({ type: 'BertNormalizer', handle_chinese_chars: separate });
    expect(separatesHan(json(null))).toBe(true);
    expect(separatesHan(json(bert(true)))).toBe(true);
    expect(separatesHan(json(bert(false)))).toBe(false);
    expect(separatesHan(json({ type: 'Sequence', normalizers: [{ type: 'NFC' }, bert(false)] }))).toBe(false);
  });
});
