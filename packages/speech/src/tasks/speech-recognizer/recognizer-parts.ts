import { withoutInitialWeights } from '@heed/attention-core';
import { TextTokenizer, type TaskParts, type TokenizerJson } from '@heed/tasks';
import { parseConfig, readConfig, type FileSource } from '@heed/training';
import { z } from 'zod';
import { whisperConfigFrom } from '../../models/whisper/whisper.names.ts';
import { whisperTokens, type WhisperTokens } from '../../models/whisper/whisper-tokens.ts';
import { createWhisper, type Whisper, type WhisperConfig } from '../../models/whisper/whisper.ts';

export interface RecognizerParts extends TaskParts {
  readonly model: Whisper;
  readonly tokenizer: TextTokenizer;
  readonly tokens: WhisperTokens;
  readonly generation: GenerationConfig;
}

/** What is read of a `generation_config.json`, under its names. */
interface GenerationConfig {
  /** [layer, head] of each head that follows the sound. */
  readonly alignment_heads: ReadonlyArray<readonly [number, number]>;
  readonly suppress_tokens: readonly number[];
  readonly begin_suppress_tokens: readonly number[];
}

export const TOKENIZER_FILE = 'tokenizer.json';
export const GENERATION_FILE = 'generation_config.json';

const ids = z
  .array(z.number().int())
  .nullish()
  .transform((found) => found ?? []);
const schema = z.object({
  alignment_heads: z
    .array(z.tuple([z.number().int().min(0), z.number().int().min(0)]))
    .nullish()
    .transform((found) => found ?? []),
  suppress_tokens: ids,
  begin_suppress_tokens: ids,
});

/** The parts that files describe, all but the weights. @throws if a file is missing or is none of Whisper's */
export async function readParts(source: FileSource, owner: string): Promise<RecognizerParts> {
  const config = whisperConfigFrom(await readConfig(source));
  const files = await source.list();
  const generation = files.includes(GENERATION_FILE)
    ? await source.read(GENERATION_FILE)
    : new TextEncoder().encode('{}');
  if (!files.includes(TOKENIZER_FILE))
    throw new Error(`${owner}: there must be a ${TOKENIZER_FILE} in ${source.label}, got none`);
  return partsOf(owner, config, await source.read(TOKENIZER_FILE), generation);
}

export function partsOf(
  owner: string,
  config: WhisperConfig,
  tokenizerFile: Uint8Array,
  generationFile: Uint8Array,
): RecognizerParts {
  const tokenizer = new TextTokenizer(parse(owner, TOKENIZER_FILE, tokenizerFile) as TokenizerJson);
  const generation = parseConfig<GenerationConfig>(
    `${owner}: ${GENERATION_FILE}`,
    schema,
    parse(owner, GENERATION_FILE, generationFile),
  );
  const { decoderLayers, decoderHeads, vocabularySize } = config;
  const wrong = generation.alignment_heads.find(([layer, head]) => layer >= decoderLayers || head >= decoderHeads);
  if (wrong !== undefined) {
    throw new Error(
      `${owner}: alignment_heads must be of ${decoderLayers} layers of ${decoderHeads} heads, got [${wrong.join(', ')}]`,
    );
  }
  return {
    model: withoutInitialWeights(() => createWhisper(config, 0)),
    tokenizer,
    tokens: whisperTokens(tokenizer, vocabularySize),
    generation,
  };
}

/** Heads that follow the sound; where no file names them, those of the upper half of the layers, as Whisper's authors do. */
export function alignmentHeads({ model, generation }: RecognizerParts): ReadonlyArray<readonly [number, number]> {
  if (generation.alignment_heads.length > 0) return generation.alignment_heads;
  const { decoderLayers, decoderHeads } = model.config;
  const upper = Array.from(
    { length: decoderLayers - Math.floor(decoderLayers / 2) },
    (_, i) => Math.floor(decoderLayers / 2) + i,
  );
  return upper.flatMap((layer) => Array.from({ length: decoderHeads }, (_, head) => [layer, head] as const));
}

/** What is given before a text is written. @throws if the language is unknown */
export function prefixOf(
  owner: string,
  { tokens }: RecognizerParts,
  language: string | undefined,
  timestamps: boolean,
): number[] {
  const end = timestamps ? [] : [tokens.noTimestamps];
  if (tokens.languages.size === 0) {
    if (language === undefined || language === 'en') return [tokens.start, ...end];
    throw new Error(
      `${owner}: language must be 'en', which is all that the model knows, got ${JSON.stringify(language)}`,
    );
  }
  const id = tokens.languages.get(language ?? 'en');
  if (id !== undefined) return [tokens.start, id, tokens.transcribe!, ...end];
  throw new Error(
    `${owner}: language must be one of ${[...tokens.languages.keys()].join(', ')}, got ${JSON.stringify(language)}`,
  );
}

function parse(owner: string, name: string, data: Uint8Array): object {
  try {
    return JSON.parse(new TextDecoder().decode(data)) as object;
  } catch (error) {
    throw new Error(`${owner}: ${name} must be JSON: ${(error as Error).message}`, { cause: error });
  }
}
