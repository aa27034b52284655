const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['nbsp', ' '],
  ['copy', '©'],
]);

const BLOCK = /^(?:br|p|div|tr|li|h\d|table)$/;

/** HTML as a reader sees it: without tags, scripts, styles and comments; blocks end lines. Every character is looked at once, whatever it is. */
export function visibleText(html: string): string {
  const parts: string[] = [];
  const source = new MarkupReader(html);
  let position = 0;
  while (position < html.length) {
    const open = html.indexOf('<', position);
    parts.push(html.slice(position, open === -1 ? undefined : open).replaceAll(/\s+/g, ' '));
    if (open === -1) break;
    const { text, end } = source.markupAt(open);
    parts.push(text);
    position = end;
  }
  const lines = decodeEntities(parts.join('')).split('\n');
  return lines
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** What stands at a `<`, and where it ends. What is searched for once and is not there is not searched for again. */
class MarkupReader {
  private readonly html: string;
  private readonly lowerCase: string;
  private readonly absent = new Set<string>();

  constructor(html: string) {
    this.html = html;
    this.lowerCase = html.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }

  markupAt(open: number): { text: string; end: number } {
    if (this.html.startsWith('<!--', open)) {
      return { text: ' ', end: this.after('-->', open + 4) ?? this.html.length };
    }
    const tag = this.lowerCase.slice(open, open + 12);
    const hidden = /^<(script|style|head)(?!\w)/.exec(tag)?.[1];
    const closing = hidden === undefined ? undefined : this.after(`</${hidden}`, open);
    const hiddenEnd = closing === undefined ? undefined : this.after('>', closing);
    if (hiddenEnd !== undefined) return { text: ' ', end: hiddenEnd };
    const name = /^<(\/?[a-z!]\w*)/.exec(tag)?.[1];
    const end = name === undefined ? undefined : this.after('>', open);
    if (end === undefined) return { text: '<', end: open + 1 };
    return { text: BLOCK.test(name!) ? '\n' : '', end };
  }

  private after(text: string, position: number): number | undefined {
    if (this.absent.has(text)) return undefined;
    const found = this.lowerCase.indexOf(text, position);
    if (found === -1) this.absent.add(text);
    return found === -1 ? undefined : found + text.length;
  }
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(#\d{1,7}|[a-z]{1,8});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES.get(name.toLowerCase()) ?? whole;
    const code = Number(name.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
  });
}
