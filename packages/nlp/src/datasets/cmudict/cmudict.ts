import type { DatasetCard, FileReader } from '@heed/training';
import { splitLexicon, type LexiconEntry, type LexiconSplits } from '../lexicon.ts';

/** The CMU pronouncing dictionary, North American English, as npm carries it. */
export const cmudict: DatasetCard = {
  name: 'cmudict',
  licence: 'ISC (the package), public domain or BSD-2-Clause (the dictionary)',
  source: 'Carnegie Mellon University, cmusphinx/cmudict, as npm cmu-pronouncing-dictionary 3.0.0',
  reference: 'http://www.speech.cs.cmu.edu/cgi-bin/cmudict',
  files: [
    {
      name: 'index.js',
      bytes: 4699401,
      sha256: 'ef8b2b976d2e5801b7541ebcc7714f538d1ffa0ebb28645259536e2666bd2948',
      package: { registry: 'npm', name: 'cmu-pronouncing-dictionary', version: '3.0.0', path: 'index.js' },
    },
  ],
  splits: { train: 108_046, validation: 6_000, test: 12_000, rule: 'by word, splitCmudict()' },
  statistics: {
    entries: 135_155,
    words: 126_046,
    'words with several pronunciations': 8_175,
    'pronunciations without stress': 134_852,
    letters: 29,
    'phonemes without stress': 39,
    'phonemes with stress': 69,
    'longest word': 28,
  },
};

export interface CmudictOptions {
  /** Keep the vowels' stress (`AA1`). Default false, which gives the 39 phonemes of published results. */
  readonly stress?: boolean;
}

/**
 * Reads the dictionary: its words with their pronunciations, as `parseCmudict` gives them.
 *
 * @throws if the file is missing or its entries are not lines of a word and its phonemes
 *
 * @example
 * ```ts
 * import { cmudict, readCmudict, splitCmudict } from '@heed/nlp';
 * import { fetchData } from '@heed/node';
 * const { train } = splitCmudict(await readCmudict(await fetchData(cmudict)));
 * console.log(train.length); // 108046
 * ```
 */
export async function readCmudict(files: FileReader, options: CmudictOptions = {}): Promise<LexiconEntry[]> {
  const [{ name }] = cmudict.files;
  const source = new TextDecoder().decode(await files.read(name));
  // The file is a module that assigns one object literal, an entry a line. It is read, not run.
  const entries = source.match(/^ {2}".*$/gm) ?? [];
  if (entries.length === 0) throw new Error(`readCmudict: ${name} must have entries, got ${source.length} characters`);
  const literal = entries.join('\n').replace(/,$/, '');
  let dictionary: Record<string, string>;
  try {
    dictionary = JSON.parse(`{${literal}}`) as Record<string, string>;
  } catch (error) {
    throw new Error(`readCmudict: every entry of ${name} must be "word": "phonemes", got others`, { cause: error });
  }
  return parseCmudict(dictionary, options);
}

/**
 * The dictionary's words with their pronunciations, in its order. Entries `word(2)` are further pronunciations of `word`; comments after `#`
 * are left out; pronunciations that differ by stress alone become one where stress is dropped.
 *
 * @param dictionary what npm `cmu-pronouncing-dictionary` exports
 * @throws if an entry has no phonemes
 *
 * @example
 * ```ts
 * import { parseCmudict } from '@heed/nlp';
 * parseCmudict({ live: 'L AY1 V', 'live(2)': 'L IH1 V' });
 * // [{ word: 'live', pronunciations: ['L AY V', 'L IH V'] }]
 * ```
 */
export function parseCmudict(
  dictionary: Readonly<Record<string, string>>,
  { stress = false }: CmudictOptions = {},
): LexiconEntry[] {
  const words = new Map<string, Set<string>>();
  for (const [key, value] of Object.entries(dictionary)) {
    const word = key.replace(/\(\d+\)$/, '');
    const spoken = value.replace(/#.*$/, '').trim();
    if (spoken === '') throw new Error(`parseCmudict: ${key} must have phonemes, got ${JSON.stringify(value)}`);
    const pronunciation = stress ? spoken : spoken.replace(/[0-2]/g, '');
    const known = words.get(word);
    if (known === undefined) words.set(word, new Set([pronunciation]));
    else known.add(pronunciation);
  }
  return Array.from(words, ([word, pronunciations]) => ({ word, pronunciations: [...pronunciations] }));
}

/** The splits that results in this package are measured on: 12,000 words to test, 6,000 to choose by, the others to train on. */
export function splitCmudict(entries: readonly LexiconEntry[]): LexiconSplits {
  return splitLexicon(entries, { test: 12_000, validation: 6_000 }, 2016);
}
