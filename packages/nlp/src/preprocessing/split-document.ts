/** Words with their marks and apostrophes, numbers, pictures, and runs of one other sign. */
const TOKEN = /[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|\p{Nd}+|\p{Extended_Pictographic}|([^\s\p{L}\p{M}\p{N}])\1*|\p{N}/gu;
const END = /^[.!?…。！？]+$/u;

export interface SplitDocumentOptions {
  /** A longer sentence goes on as another one. Default 32. */
  readonly longest?: number;
  /** A shorter one goes on behind its end. Default 4, which keeps abbreviations and the lines of addresses together. */
  readonly shortest?: number;
}

/**
 * A text as sentences of words. Sentences end at . ! ? and …, and at empty lines. No word is left out, and none is changed.
 *
 * @example
 * ```ts
 * import { splitDocument } from '@heed/nlp';
 * splitDocument('This is it. And so on!'); // [['This', 'is', 'it', '.'], ['And', 'so', 'on', '!']]
 * ```
 */
export function splitDocument(text: string, { longest = 32, shortest = 4 }: SplitDocumentOptions = {}): string[][] {
  const sentences: string[][] = [];
  let open: string[] = [];
  const end = () => {
    if (open.length > 0) sentences.push(open);
    open = [];
  };
  for (const paragraph of text.split(/\n[^\S\n]*\n/)) {
    for (const [word] of paragraph.matchAll(TOKEN)) {
      open.push(word);
      if (open.length >= longest || (open.length >= shortest && END.test(word))) end();
    }
    if (open.length >= shortest) end();
  }
  end();
  return sentences;
}
