/**
 * Words of a text for the search: letters and digits of other scripts as they stand together, Chinese by pairs of characters (and single ones), since it
 * has no spaces. VitePress hands this function to the page as its source text, so it uses nothing from outside.
 */
export function tokenizeForSearch(text: string): string[] {
  const tokens: string[] = [];
  for (const [run] of text.toLowerCase().matchAll(/\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+/gu)) {
    if (!/\p{Script=Han}/u.test(run)) {
      tokens.push(run);
      continue;
    }
    const characters = Array.from(run);
    if (characters.length === 1) tokens.push(run);
    for (let i = 0; i + 1 < characters.length; i++) tokens.push(characters[i] + characters[i + 1]);
  }
  return tokens;
}
