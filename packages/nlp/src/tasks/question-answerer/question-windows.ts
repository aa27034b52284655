import type { AnsweredQuestion } from '../../datasets/answered-question.ts';
import { bestSpans } from '../../decoding/best-spans.ts';
import type { BertEncoder } from '../../models/bert-encoder/bert-encoder.ts';
import type { AnsweredWindow, QuestionWindow } from '../../preprocessing/answer-batch.ts';
import type { Answer } from './question-answerer-config.ts';

/** A question with a part of a text, in which each piece's word is known. */
export interface ReadWindow extends QuestionWindow {
  readonly pieces: readonly string[];
  /** Where the word of each of the text's pieces stands, as characters of the whole text: from `start` up to `end`. */
  readonly words: readonly { readonly start: number; readonly end: number }[];
}

/**
 * A question with a text, in as many windows as the text needs: `[CLS] question [SEP] text [SEP]`.
 *
 * @param given pieces of the text that a window has in common with the one before; default 128, and at most half of what a window has room for
 * @throws if the question leaves no room for more than `stride` pieces of text
 */
export function questionWindows(
  owner: string,
  encoder: BertEncoder,
  { question, context }: Pick<AnsweredQuestion, 'question' | 'context'>,
  given?: number,
): ReadWindow[] {
  const { special, tokenizer, maximumTokens } = encoder;
  const [begin, end] = [special.ids[0], special.ids.at(-1)!];
  const [beginning, ending] = [special.tokens[0], special.tokens.at(-1)!];
  const asked = tokenizer.pieces(question);
  const first = asked.ids.length + 2;
  const room = maximumTokens - first - 1;
  const stride = given ?? Math.max(0, Math.min(128, Math.floor(room / 2)));
  if (room <= stride) {
    throw new Error(
      `${owner}: a question must leave room for more than stride=${stride} pieces of text, got one of ${asked.ids.length} pieces, ` +
        `of maximumTokens=${maximumTokens} with three special ones`,
    );
  }
  const ids: number[] = [];
  const pieces: string[] = [];
  const words: { start: number; end: number }[] = [];
  for (const word of encoder.words(context)) {
    const read = tokenizer.pieces(word.text);
    for (const [i, id] of read.ids.entries()) {
      ids.push(id);
      pieces.push(read.tokens[i]);
      words.push({ start: word.start, end: word.end });
    }
  }
  const windows: ReadWindow[] = [];
  let from = 0;
  do {
    const to = from + room;
    windows.push({
      ids: [begin, ...asked.ids, end, ...ids.slice(from, to), end],
      pieces: [beginning, ...asked.tokens, ending, ...pieces.slice(from, to), ending],
      first,
      words: words.slice(from, to),
    });
    from += room - stride;
  } while (from + stride < ids.length);
  return windows;
}

/** A window with the first and last piece of an answer, or twice `[CLS]` where the window has not all of it. */
export function answeredWindow(
  window: ReadWindow,
  answer: { readonly start: number; readonly end: number } | undefined,
): AnsweredWindow {
  const { ids, first, words } = window;
  const none = { ids, first, start: 0, end: 0 };
  if (answer === undefined) return none;
  const start = words.findIndex((word) => word.end > answer.start);
  const end = words.findLastIndex((word) => word.start < answer.end);
  const whole = start >= 0 && end >= start && words[start].start <= answer.start && words[end].end >= answer.end;
  return whole ? { ids, first, start: first + start, end: first + end } : none;
}

/** What one window says. */
export interface WindowAnswers {
  readonly window: ReadWindow;
  /** The likeliest first. */
  readonly answers: readonly Answer[];
  /** How likely the window has no answer. */
  readonly none: number;
}

/** The likeliest answers of a window, from its logits. @param count how many @param longest pieces of an answer at most */
export function windowAnswers(
  context: string,
  window: ReadWindow,
  logits: { readonly starts: ArrayLike<number>; readonly ends: ArrayLike<number> },
  { count, longest }: { readonly count: number; readonly longest: number },
): WindowAnswers {
  const { first, words } = window;
  const { spans, none } = bestSpans(logits.starts, logits.ends, { first, count: words.length, longest });
  const answers = new Map<string, Answer>(); // the pieces of one word begin and end the same answers
  for (const span of spans) {
    if (answers.size === count) break;
    const [start, end] = [words[span.start - first].start, words[span.end - first].end];
    const key = `${start} ${end}`;
    if (!answers.has(key)) answers.set(key, { text: context.slice(start, end), start, end, score: span.probability });
  }
  return { window, answers: [...answers.values()], none };
}

/** The likeliest answers of all windows of a text, the first of all first, and the window of that. */
export function bestAnswers(windows: readonly WindowAnswers[], count: number) {
  const best = new Map<string, Answer & { readonly window: ReadWindow }>();
  for (const { window, answers } of windows) {
    for (const answer of answers) {
      const key = `${answer.start} ${answer.end}`;
      if (answer.score > (best.get(key)?.score ?? -1)) best.set(key, { ...answer, window });
    }
  }
  const chosen = [...best.values()].sort((a, b) => b.score - a.score).slice(0, count);
  return {
    answers: chosen.map(({ text, start, end, score }): Answer => ({ text, start, end, score })),
    /** The least: a window without the answer says nothing of the others. */
    none: windows.reduce((least, { none }) => Math.min(least, none), 1),
    window: chosen[0].window,
  };
}
