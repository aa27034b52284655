import { Tokenizer } from '@huggingface/tokenizers';
import { BERT_PUNCTUATION, HAN, lowerCaseEach, WHITE_SPACE } from '../text/unicode.ts';
import { BYTE_LEVEL_WORDS } from './byte-level.ts';

type Config = Readonly<Record<string, unknown>> & { readonly type?: string };
type Normalize = (text: string) => string;
type Cut = (text: string) => string[];
/** What of a step of the JavaScript library is replaced. */
type Step = { normalize?: Normalize; pre_tokenize_text?: Cut; pattern?: RegExp };

interface TokenizerFile {
  readonly normalizer?: Config | null;
  readonly pre_tokenizer?: Config | null;
  readonly added_tokens?: readonly { readonly content: string; readonly normalized?: boolean }[];
}

/**
 * A tokenizer of Hugging Face's JavaScript library whose steps do with every character what the library in Python does: where JavaScript's own
 * texts differ (`\s`, `\w`, lower case, characters beyond U+FFFF), the step is replaced.
 *
 * Not replaced: the white space that an added token takes from its neighbours (`lstrip`, `rstrip`).
 *
 * @throws if it is not the content of a `tokenizer.json`, or has an added token that only JavaScript's lower case would find
 */
export function exactTokenizer(json: object, config: object): Tokenizer {
  const tokenizer = new Tokenizer(json, config);
  const { normalizer, pre_tokenizer: cut, added_tokens: added = [] } = json as TokenizerFile;
  const whole = tokenizer.normalizer;
  const normalizable = added.filter(({ normalized }) => normalized === true).map(({ content }) => content);
  const before = normalizable.map((content) => whole?.normalize(content));
  replaceSteps(whole, normalizer, 'normalizers', replaceNormalizer);
  replaceSteps(tokenizer.pre_tokenizer, cut, 'pretokenizers', replaceCut);
  for (const [i, content] of normalizable.entries()) {
    if (whole?.normalize(content) === before[i]) continue;
    throw new Error(
      `exactTokenizer: an added token with normalized=true must look alike by every normalizer, got ${JSON.stringify(content)}`,
    );
  }
  return tokenizer;
}

/** Calls `replace` for each step of a sequence. @param list the field of a sequence's config that has its parts */
function replaceSteps(
  step: unknown,
  config: Config | null | undefined,
  list: 'normalizers' | 'pretokenizers',
  replace: (step: Step, config: Config) => void,
): void {
  if (!config || !step) return;
  if (config.type !== 'Sequence') return replace(step as Step, config);
  const parts = (config[list] ?? []) as readonly Config[];
  const steps = (step as Record<string, unknown[]>)[list === 'normalizers' ? list : 'tokenizers'];
  for (const [i, part] of parts.entries()) replaceSteps(steps[i], part, list, replace);
}

function replaceNormalizer(step: Step, config: Config): void {
  if (config.type === 'BertNormalizer') step.normalize = bertNormalizer(config);
  if (config.type === 'Lowercase') step.normalize = lowerCaseEach;
  if (config.type === 'Strip') step.normalize = stripper(config);
}

function replaceCut(step: Step, config: Config): void {
  const matches = (source: string): Cut => {
    const pattern = new RegExp(source, 'gu');
    return (text) => text.match(pattern) ?? [];
  };
  if (config.type === 'BertPreTokenizer') {
    step.pre_tokenize_text = matches(`[^${WHITE_SPACE}${BERT_PUNCTUATION}]+|[${BERT_PUNCTUATION}]`);
  }
  if (config.type === 'ByteLevel') step.pattern = BYTE_LEVEL_WORDS;
  if (config.type === 'Whitespace') {
    const word = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;
    step.pre_tokenize_text = matches(`[${word}]+|[^${word}${WHITE_SPACE}]+`);
  }
  if (config.type === 'WhitespaceSplit') step.pre_tokenize_text = matches(`[^${WHITE_SPACE}]+`);
  if (config.type === 'Digits') {
    step.pre_tokenize_text = matches(String.raw`\P{N}+|\p{N}${config.individual_digits === true ? '' : '+'}`);
  }
  if (config.type === 'Punctuation') {
    step.pre_tokenize_text = matches(punctuationPattern((config.behavior as string | undefined) ?? 'Isolated'));
  }
}

/** What is matched is kept. @throws if the behaviour is unknown */
function punctuationPattern(behavior: string): string {
  const [sign, other] = [`[${BERT_PUNCTUATION}]`, `[^${BERT_PUNCTUATION}]`];
  const patterns: Readonly<Record<string, string>> = {
    Isolated: `${sign}|${other}+`,
    Removed: `${other}+`,
    Contiguous: `${sign}+|${other}+`,
    MergedWithPrevious: `${other}+${sign}?|${sign}`,
    MergedWithNext: `${sign}?${other}+|${sign}`,
  };
  if (!Object.hasOwn(patterns, behavior)) {
    throw new Error(
      `exactTokenizer: Punctuation's behavior must be one of ${Object.keys(patterns).join(', ')}, got ${JSON.stringify(behavior)}`,
    );
  }
  return patterns[behavior];
}

const UNWANTED = /[\0\uFFFD]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu;
const EACH_SPACE = new RegExp(`[${WHITE_SPACE}]`, 'gu');
const EACH_HAN = new RegExp(`[${HAN}]`, 'gu');

function bertNormalizer(config: Config): Normalize {
  const { clean_text: clean, handle_chinese_chars: partHan, lowercase } = config;
  const stripAccents = config.strip_accents ?? lowercase;
  return (given) => {
    let text = given;
    if (clean) text = text.replaceAll(UNWANTED, '').replaceAll(EACH_SPACE, ' ');
    if (partHan) text = text.replaceAll(EACH_HAN, ' $& ');
    if (stripAccents) text = text.normalize('NFD').replaceAll(/\p{Mn}/gu, '');
    return lowercase ? lowerCaseEach(text) : text;
  };
}

function stripper({ strip_left: left, strip_right: right }: Config): Normalize {
  const [start, end] = [
    new RegExp(`^[${WHITE_SPACE}]+`, 'u'),
    new RegExp(`(?<![${WHITE_SPACE}])[${WHITE_SPACE}]+$`, 'u'),
  ];
  return (given) => {
    const text = left ? given.replace(start, '') : given;
    return right ? text.replace(end, '') : text;
  };
}
