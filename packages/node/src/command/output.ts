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
  stream.write(`${text}\n`);
}
