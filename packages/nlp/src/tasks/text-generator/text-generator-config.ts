import type { LabelledMap } from '@heed/attention-core';
import type { FitOptions, SamplingOptions } from '@heed/tasks';
import { z } from 'zod';

/** What a text generator is, apart from the tokens that it learns from its data. The defaults are nanoGPT's for a CPU. */
export type TextGeneratorConfig = CharacterGeneratorConfig | BpeGeneratorConfig;

interface CommonConfig {
  /** Number of tokens that are seen at once. Default 64. */
  readonly contextLength: number;
  /** Width of hidden states, a multiple of `heads`. Default 128. */
  readonly width: number;
  /** Default 4. */
  readonly layers: number;
  /** Default 4. */
  readonly heads: number;
  /** Default 0. */
  readonly dropout: number;
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed: number;
}

/** A token for every character. */
export interface CharacterGeneratorConfig extends CommonConfig {
  readonly tokenizer: 'characters';
}

/** Byte-level BPE. */
export interface BpeGeneratorConfig extends CommonConfig {
  readonly tokenizer: 'bpe';
  /** Number of tokens at most. Default 4000. */
  readonly vocabularySize: number;
}

/** What `new TextGenerator` takes: a tokenizer (default: characters), and what shall not be as by default. */
export type TextGeneratorOptions =
  Partial<CharacterGeneratorConfig> | (Pick<BpeGeneratorConfig, 'tokenizer'> & Partial<BpeGeneratorConfig>);

export interface TextGeneratorFitOptions extends FitOptions {
  /** Text to measure loss, perplexity and bits per character on. */
  readonly validation?: string | readonly string[];
}

/** What a text is continued from, and how far. */
export interface StreamOptions extends SamplingOptions {
  /** Number of tokens that are written at most. Default 256. */
  readonly maximumTokens?: number;
  /** Texts that end it; they are not given. */
  readonly stop?: string | readonly string[];
  /** Decides what is drawn. Default 0. */
  readonly seed?: number;
  /** How to handle prompts of more tokens than the model sees at once: 'error' refuses them, 'start' cuts their start. Default 'error'. */
  readonly truncation?: 'error' | 'start';
  /** Ends it between two tokens; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface GenerateOptions extends StreamOptions {
  /** Follow so many continuations and give the likeliest instead of drawing; prompt and continuation then fit into what the model sees at once. */
  readonly beams?: number;
  /** With beams: see `beamSearch`. Default 1. */
  readonly lengthPenalty?: number;
  /** With beams: see `beamSearch`. */
  readonly groups?: number;
  /** With beams: see `beamSearch`. */
  readonly diversity?: number;
  /** Whether to give the attention maps; 'heads' gives those of every head too. Default false. */
  readonly attention?: boolean | 'heads';
}

export interface GeneratedText {
  readonly prompt: string;
  /** The continuation, without the prompt. */
  readonly text: string;
  /** ln p of the continuation's tokens. */
  readonly logProbability: number;
  /** Why it ended: the end of a text was written, a `stop`, or `maximumTokens`. */
  readonly reason: 'end' | 'stop' | 'length';
  /** With beams: further continuations, the best first. */
  readonly alternatives: readonly { readonly text: string; readonly logProbability: number }[];
  /** What each token (row) looked at (column), layer by layer, the mean of its heads, prompt and text together; where it was asked for. */
  readonly attention?: readonly LabelledMap[];
  /** The same of every head, layer by layer, for `renderHeads`; where they were asked for. */
  readonly heads?: readonly (readonly LabelledMap[])[];
}

export interface LanguageModelEvaluation {
  /** Mean negative log-likelihood of a token, in nats. */
  readonly loss: number;
  /** exp of the loss. */
  readonly perplexity: number;
  /** What an ideal compressor would need: comparable between tokenizers. */
  readonly bitsPerCharacter: number;
  /** Number of tokens that were predicted: all but the first of each text. */
  readonly tokens: number;
}

const count = z.number().int().min(1);
const all = {
  contextLength: count.default(64),
  width: count.default(128),
  layers: count.default(4),
  heads: count.default(4),
  dropout: z.number().min(0).lt(1).default(0),
  seed: z.number().int().min(0).default(1),
};
const divides = ({ width, heads }: { width: number; heads: number }) => width % heads === 0;
const message = { path: ['heads'], message: 'must divide width' };

export const textGeneratorSchema = z.discriminatedUnion('tokenizer', [
  z.strictObject({ tokenizer: z.literal('characters'), ...all }).refine(divides, message),
  z.strictObject({ tokenizer: z.literal('bpe'), ...all, vocabularySize: count.default(4000) }).refine(divides, message),
]);
