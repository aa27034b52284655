/** Bytes of a tokenizer.json: the largest published ones have 40 million. */
export const MOST_BYTES = 100_000_000;
const MOST_PATTERN = 4000;
/** Repetitions without a bound in one alternative of a pattern; published ones have two. */
const MOST_REPETITIONS = 2;
const MOST_STEPS = 64;
/** How many times longer a text may become by what is put in the place of its parts. */
const MOST_GROWTH = 64;
/** BERT's has 100. */
const MOST_WORD = 1000;

/**
 * Checks that a tokenizer.json asks for nothing that takes time or memory without end: its patterns are run by JavaScript's engine, which tries all
 * ways there are.
 *
 * @param owner how messages begin
 * @throws if a pattern repeats what repeats, replacements multiply, or a bound is out of range
 */
export function checkTokenizerJson(owner: string, content: object): void {
  const { normalizer, pre_tokenizer, post_processor, decoder, model } = content as Record<string, unknown>;
  let growth = 1;
  let steps = 0;
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null) return;
    if (depth > 16) fail(owner, 'must be at most 16 deep outside of its vocabulary', 'more');
    const fields = value as Record<string, unknown>;
    if (typeof fields.Regex === 'string') checkPattern(owner, fields.Regex);
    if (typeof fields.type === 'string' && ++steps > MOST_STEPS)
      fail(owner, `must have at most ${MOST_STEPS} steps`, 'more');
    if (fields.type === 'Replace' && typeof fields.content === 'string') {
      const { String: text } = (fields.pattern ?? {}) as Record<string, unknown>;
      growth *= Math.max(1, fields.content.length / (typeof text === 'string' ? Math.max(1, text.length) : 1));
      if (growth > MOST_GROWTH) fail(owner, `must make a text at most ${MOST_GROWTH} times longer`, 'more');
    }
    for (const part of Array.isArray(value) ? value : Object.values(fields)) visit(part, depth + 1);
  };
  for (const part of [normalizer, pre_tokenizer, post_processor, decoder]) visit(part, 0);
  const { max_input_chars_per_word: longest } = (model ?? {}) as Record<string, unknown>;
  if (
    longest !== undefined &&
    !(Number.isSafeInteger(longest) && (longest as number) > 0 && (longest as number) <= MOST_WORD)
  ) {
    fail(owner, `max_input_chars_per_word must be an integer from 1 to ${MOST_WORD}`, JSON.stringify(longest));
  }
}

/** One group of a pattern that is being read. */
interface Group {
  /** Whether it can match a text in several ways: it has alternatives, or repeats. */
  ambiguous: boolean;
  /** Repetitions without a bound in the alternative that is being read. */
  repetitions: number;
  /** The most of its alternatives. */
  most: number;
}

/** @throws if a pattern repeats a group that has repetitions or alternatives itself: such take time exponential in the text's length */
function checkPattern(owner: string, pattern: string): void {
  const refuse = (rule: string) => fail(owner, `a pattern must ${rule}`, JSON.stringify(pattern.slice(0, 60)));
  if (pattern.length > MOST_PATTERN) refuse(`have at most ${MOST_PATTERN} characters`);
  const open = (): Group => ({ ambiguous: false, repetitions: 0, most: 0 });
  const groups: Group[] = [open()];
  let last: Group | undefined; // the group that a quantifier here would repeat
  for (let i = 0; i < pattern.length;) {
    const group = groups.at(-1)!;
    const character = pattern[i];
    const quantifier = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})[?+]?/.exec(pattern.slice(i, i + 24));
    if (quantifier !== null) {
      const [text, low, comma, high] = quantifier;
      const unbounded = '*+'.includes(text[0]) || (comma === ',' && (high === '' || Number(high) > 100));
      if (Number(low) > 1000) refuse('repeat at most 1000 times');
      const fixed = low !== undefined && comma === '';
      if (unbounded && last?.ambiguous === true) refuse('not repeat what has repetitions or alternatives itself');
      if (!fixed) group.ambiguous = true;
      if (unbounded) group.repetitions++;
      i += text.length;
      last = undefined;
      continue;
    }
    if (character === '\\') {
      const name = /^\\[pPu]\{[^}]*\}/.exec(pattern.slice(i, i + 60));
      i += name?.[0].length ?? 2;
      last = undefined;
    } else if (character === '[') {
      i = endOfClass(pattern, i);
      last = undefined;
    } else if (character === '(') {
      if (groups.length > 32) refuse('have at most 32 groups in one another');
      groups.push(open());
      i += /^\((?:\?(?:[:=!>]|<[=!]|[a-z-]+:|<\w+>|P<\w+>))?/.exec(pattern.slice(i, i + 60))![0].length;
      last = undefined;
    } else if (character === ')') {
      if (groups.length === 1) refuse('close only groups that it opens');
      last = groups.pop()!;
      groups.at(-1)!.repetitions += Math.max(last.most, last.repetitions);
      groups.at(-1)!.ambiguous ||= last.ambiguous;
      i++;
    } else if (character === '|') {
      group.ambiguous = true;
      group.most = Math.max(group.most, group.repetitions);
      group.repetitions = 0;
      i++;
      last = undefined;
    } else {
      i++;
      last = undefined;
    }
    for (const { repetitions } of groups) {
      if (repetitions > MOST_REPETITIONS)
        refuse(`have at most ${MOST_REPETITIONS} repetitions without a bound in one alternative`);
    }
  }
  if (groups.some(({ repetitions }) => repetitions > MOST_REPETITIONS)) {
    refuse(`have at most ${MOST_REPETITIONS} repetitions without a bound in one alternative`);
  }
}

/** Where a class of characters ends; one may stand in another. */
function endOfClass(pattern: string, start: number): number {
  let depth = 0;
  for (let i = start; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === '[') depth++;
    else if (pattern[i] === ']' && --depth === 0) return i + 1;
  }
  return pattern.length;
}

function fail(owner: string, rule: string, got: string): never {
  throw new Error(`${owner}: tokenizer.json ${rule}, got ${got}`);
}
