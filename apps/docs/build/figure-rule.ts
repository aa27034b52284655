import type { MarkdownRenderer } from 'vitepress';

/** A measured figure: a number with its unit, or with a sign of deviation or of a ratio. */
const FIGURE = /\d[\d.,]*\s?(?:%|ms\b|×)|±\s?\d/u;

/**
 * Measured figures come from the ledger by `<Figure>`; one that is typed by hand in prose fails the build.
 */
export function figureRule(md: MarkdownRenderer): void {
  md.core.ruler.push('no-typed-figures', (state) => {
    const { relativePath = '' } = state.env as { relativePath?: string };
    if (relativePath.startsWith('api/')) return;
    for (const block of state.tokens) {
      for (const token of block.children ?? []) {
        const found = token.type === 'text' ? FIGURE.exec(token.content) : null;
        if (found !== null) {
          throw new Error(
            `${relativePath}: the figure "${found[0]}" is typed by hand; use <Figure entry="…" of="…" />`,
          );
        }
      }
    }
  });
}
