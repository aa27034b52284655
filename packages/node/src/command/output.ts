import { printableText } from '@heed/attention-core';
import { clearLiveLine, surviveEndOf } from '../progress/display.ts';

/** Where a command's words go. */
export interface Output {
  /** What was asked for: a line to stdout. */
  readonly print: (text: string) => void;
  /** What happens meanwhile: a line to stderr. */
  readonly say: (text: string) => void;
}

for (const stream of [process.stdout, process.stderr]) surviveEndOf(stream);

export const processOutput: Output = {
  print: (text) => write(process.stdout, text),
  say: (text) => write(process.stderr, text),
};

function write(stream: NodeJS.WritableStream, text: string): void {
  clearLiveLine();
  stream.write(`${onTerminal(text)}\n`);
}

const COLOUR = new RegExp(`(${'\u001B'}\\[[\\d;]*m)`);

/** Colours stay: attention maps are drawn with them. Whatever else is in a name or a message is shown, not done. */
function onTerminal(text: string): string {
  return text
    .split(COLOUR)
    .map((part, i) => (i % 2 === 1 ? part : printableText(part, { lines: true })))
    .join('');
}
