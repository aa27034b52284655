/** The opening tags of a name, in order. */
export function elements(markup: string, name: string): string[] {
  return markup.match(new RegExp(`<${name}(\\s[^>]*)?/?>`, 'g')) ?? [];
}

export function attributesOf(tag: string): Record<string, string> {
  return Object.fromEntries(Array.from(tag.matchAll(/([\w:-]+)="([^"]*)"/g), ([, name, value]) => [name, value]));
}

/** @throws unless every tag is closed in order and no bare `<` or `&` is left in text and attributes */
export function requireWellFormed(markup: string): void {
  const open: string[] = [];
  const rest = markup
    .replace(/<style>[^<]*<\/style>/g, '')
    .replace(
      /<(\/?)([\w-]+)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(\/?)>/g,
      (_, closing: string, name: string, attributes: string, empty: string) => {
        if (closing) {
          const last = open.pop();
          if (last !== name) throw new Error(`<${last}> is closed by </${name}>`);
        } else if (!empty) open.push(name);
        return attributes;
      },
    );
  if (open.length > 0) throw new Error(`not closed: ${open.join(', ')}`);
  const bare = /<|&(?!amp;|lt;|gt;|quot;|#39;)/.exec(rest);
  if (bare !== null) throw new Error(`not escaped: ${rest.slice(bare.index, bare.index + 40)}`);
}
