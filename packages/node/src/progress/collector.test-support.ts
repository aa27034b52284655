import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

/** Keeps what is written to it, as a file or a terminal. */
export class Collector extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor({ terminal = false, columns = 100 } = {}) {
    super();
    this.isTTY = terminal;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  /** What was written, without control sequences. */
  get lines(): string[] {
    return stripVTControlCharacters(this.text).split('\n').filter(Boolean);
  }
}
