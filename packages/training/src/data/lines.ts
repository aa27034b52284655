export interface LinesOptions {
  /** A longer line is an error: memory is bounded, whatever the file. In UTF-16 units. Default 2^24. */
  readonly maxLength?: number;
}

/**
 * The lines of a text in UTF-8 that arrives in chunks, without their ends (\n or \r\n): a file larger than memory is read in one pass.
 *
 * @param chunks bytes, e.g. of `fs.createReadStream(path)` or `response.body`
 * @throws (while iterating) if the text is not UTF-8 or a line is too long, naming the line
 *
 * @example
 * ```ts
 * import { lines } from '@heed/training';
 * const { body } = new Response('one\ntwo\n');
 * for await (const line of lines(body!)) console.log(line);
 * ```
 */
export async function* lines(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { maxLength = 2 ** 24 }: LinesOptions = {},
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let number = 1;
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw new Error(`lines: the text must be UTF-8, got other bytes near line ${number}`, { cause: error });
    }
  };
  for await (const chunk of chunks) {
    const parts = (rest + decode(chunk)).split('\n');
    rest = parts.pop()!;
    for (const part of parts) {
      yield part.endsWith('\r') ? part.slice(0, -1) : part;
      number++;
    }
    if (rest.length > maxLength)
      throw new Error(`lines: a line must have at most ${maxLength} characters, got ${rest.length} in line ${number}`);
  }
  rest += decode();
  if (rest !== '') yield rest.endsWith('\r') ? rest.slice(0, -1) : rest;
}
