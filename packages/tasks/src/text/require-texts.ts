/**
 * Refuses what is no text where texts belong: null, numbers, objects.
 *
 * @param owner how the message begins
 * @param what what a text is called there: 'a sentence'
 * @throws naming the first that is no string, and its place
 *
 * @example
 * ```ts
 * import { requireTexts } from '@heed/tasks';
 * requireTexts('Example', ['a', 'b']); // nothing: all are texts
 * ```
 */
export function requireTexts(owner: string, texts: readonly unknown[], what = 'a text'): void {
  for (const [place, text] of texts.entries()) {
    if (typeof text === 'string') continue;
    throw new Error(`${owner}: ${what} must be a string, got ${JSON.stringify(text) ?? String(text)} at ${place}`);
  }
}
