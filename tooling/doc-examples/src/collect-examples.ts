import { readFileSync } from 'node:fs';

export interface DocExample {
  /** Where it stands, e.g. `packages/nlp/src/metrics/bleu.ts:12`. */
  readonly place: string;
  readonly code: string;
  /** What it prints, where the document says so: the ```output block after a ```ts run block. */
  readonly output?: string;
}

/** The ```ts blocks of a Markdown file (```ts run with what they print), and of the docstrings of a TypeScript file. */
export function collectExamples(path: string, text = readFileSync(path, 'utf8')): DocExample[] {
  const markdown = path.endsWith('.md');
  const fence = markdown
    ? /^```ts(?: run)?\n([\s\S]*?)^```(?:\n\s*```output\n([\s\S]*?)^```)?/gm
    : /^[ \t]*\* ```ts\n([\s\S]*?)^[ \t]*\* ```/gm;
  return [...text.matchAll(fence)].map((match) => ({
    place: `${path}:${text.slice(0, match.index).split('\n').length}`,
    code: markdown ? match[1] : match[1].replace(/^[ \t]*\* ?/gm, ''),
    ...(match[2] === undefined ? {} : { output: match[2].trimEnd() }),
  }));
}
