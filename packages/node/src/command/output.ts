/** Where a command's words go. */
export interface Output {
  /** What was asked for: a line to stdout. */
  readonly print: (text: string) => void;
  /** What happens meanwhile: a line to stderr. */
  readonly say: (text: string) => void;
}

export const processOutput: Output = {
  print: (text) => void process.stdout.write(`${text}\n`),
  say: (text) => void process.stderr.write(`${text}\n`),
};
