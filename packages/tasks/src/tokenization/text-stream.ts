import type { TextCodec } from './text-codec.ts';

/** What stands for a character whose bytes are not all there. */
const INCOMPLETE = '\uFFFD';

/**
 * Text of tokens as they come: whole characters only, and nothing that may turn out to be the beginning of a text that ends it.
 */
export class TextStream {
  /** Whether one of the texts that end it was written. It is not given. */
  stopped = false;
  private readonly ids: number[] = [];
  private given = '';

  /** @param stops texts that end it */
  constructor(
    private readonly tokenizer: Pick<TextCodec, 'decode'>,
    private readonly stops: readonly string[],
  ) {
    if (stops.includes('')) throw new Error('TextStream: a text that stops must not be empty, got ""');
  }

  /** What has been given so far. */
  get text(): string {
    return this.given;
  }

  /** @returns the text that is certain now */
  push(id: number): string {
    this.ids.push(id);
    const text = this.tokenizer.decode(this.ids);
    const stop = this.stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (stop.length > 0) {
      this.stopped = true;
      return this.give(text.slice(0, Math.min(...stop)));
    }
    let whole = text;
    while (whole.endsWith(INCOMPLETE)) whole = whole.slice(0, -INCOMPLETE.length);
    const held = Math.max(0, ...this.stops.map((stop) => beginningAtEnd(whole, stop)));
    return this.give(whole.slice(0, whole.length - held));
  }

  /** @returns what was held back */
  end(): string {
    return this.stopped ? '' : this.give(this.tokenizer.decode(this.ids));
  }

  private give(text: string): string {
    const added = text.slice(this.given.length);
    this.given += added;
    return added;
  }
}

/** How many characters at the end of the text are the beginning of the other. */
function beginningAtEnd(text: string, other: string): number {
  for (let length = Math.min(text.length, other.length - 1); length > 0; length--) {
    if (text.endsWith(other.slice(0, length))) return length;
  }
  return 0;
}
