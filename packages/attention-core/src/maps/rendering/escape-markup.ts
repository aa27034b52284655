const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text as it may stand in the content or a quoted attribute of SVG and HTML.
 *
 * @example
 * ```ts
 * import { escapeMarkup } from '@heed/attention-core';
 * escapeMarkup('a < b'); // 'a &lt; b'
 * ```
 */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
