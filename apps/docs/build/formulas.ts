import { tex } from '@mdit/plugin-tex';
import type { MarkdownRenderer } from 'vitepress';
import temml from 'temml';

/** `$…$` and `$$…$$` become MathML when the site is built: no script and no font in the page. */
export function formulas(md: MarkdownRenderer): void {
  // The plugin's types are of another copy of markdown-it.
  tex(md as unknown as Parameters<typeof tex>[0], {
    render: (content: string, displayMode: boolean) =>
      // Vue reads the page as a template: braces that remain in an annotation must not be its own.
      `<span v-pre class="${displayMode ? 'formula' : 'inline-formula'}">${temml.renderToString(content, { displayMode, throwOnError: true })}</span>`,
  });
}
