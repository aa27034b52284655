import type { TextTokenizer } from '@heed/tasks';

/** Whisper's tokens that are no text. */
export interface WhisperTokens {
  readonly end: number;
  readonly start: number;
  readonly noTimestamps: number;
  readonly noSpeech: number | undefined;
  readonly transcribe: number | undefined;
  readonly translate: number | undefined;
  /** By code, such as 'en'; none where the model knows English alone. */
  readonly languages: ReadonlyMap<string, number>;
  /** The first of the times, of which each is 20 ms after the one before. */
  readonly firstTime: number;
  /** Tokens that are never written. */
  readonly never: readonly number[];
}

/**
 * Finds them in a tokenizer.
 *
 * @param size number of tokens of the model: one of English alone has no languages, whatever the file names
 * @throws if it is none of Whisper's
 */
export function whisperTokens({ json }: TextTokenizer, size: number): WhisperTokens {
  const ids = new Map(json.added_tokens.map(({ content, id }) => [content, id]));
  const find = (...names: readonly string[]) =>
    names.map((name) => ids.get(`<|${name}|>`)).find((id) => id !== undefined);
  const need = (name: string) => {
    const id = find(name);
    if (id === undefined) throw new Error(`whisperTokens: the tokenizer must have <|${name}|>, got none`);
    return id;
  };
  const [end, start, noTimestamps] = [need('endoftext'), need('startoftranscript'), need('notimestamps')];
  const noSpeech = find('nospeech', 'nocaptions');
  const [transcribe, translate] = [find('transcribe'), find('translate')];
  const multilingual = size >= 51_865;
  const languages = new Map(
    multilingual
      ? [...ids].flatMap(([name, id]) => (/^<\|[a-z]{2,3}\|>$/.test(name) ? [[name.slice(2, -2), id] as const] : []))
      : [],
  );
  const others = [transcribe, translate, noSpeech, find('startofprev'), find('startoflm'), start, noTimestamps];
  return {
    end,
    start,
    noTimestamps,
    noSpeech,
    transcribe: multilingual ? transcribe : undefined,
    translate: multilingual ? translate : undefined,
    languages,
    firstTime: noTimestamps + 1,
    never: others.filter((id) => id !== undefined),
  };
}
