import { Random } from '@heed/attention-core';
import type { DatasetCard, FileReader } from '@heed/training';
import { parseTarGzip, type ParsedTarFileItem } from 'nanotar';
import type { LabelledText } from '../labelled-text.ts';

const ARCHIVE = 'hutto_ICWSM_2014.tar.gz';

/** Sentences that twenty people each rated from −4 (most negative) to 4 (most positive). */
export const hutto: DatasetCard = {
  name: 'hutto',
  licence: 'MIT (the package)',
  source: 'Hutto & Gilbert, additional resources of PyPI vaderSentiment 3.3.2',
  reference:
    'Hutto & Gilbert 2014, "VADER: A parsimonious rule-based model for sentiment analysis of social media text"; the movie sentences are those of ' +
    'Pang & Lee 2005, "Seeing stars"',
  files: [
    {
      name: ARCHIVE,
      bytes: 2338514,
      sha256: 'd5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa',
      package: {
        registry: 'pypi',
        name: 'vaderSentiment',
        version: '3.3.2',
        archive: 'sdist',
        sha256: '5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9',
        path: `additional_resources/${ARCHIVE}`,
      },
    },
  ],
  splits: {
    train: 7566,
    validation: 1000,
    test: 2000,
    rule:
      'splitMovieSentences(): movie sentences, positive where the mean rating is above 0, negative where it is below; the 37 with a mean of exactly 0 ' +
      'have no sign and are left out, near-neutral ones stay; of equal sentences the first',
  },
  statistics: {
    'movie sentences': 10_605,
    'movie sentences rated positive': 5242,
    'movie sentences rated negative': 5326,
    'editorial sentences': 5190,
    editorials: 498,
    'product review sentences': 3708,
    'product reviews': 300,
    tweets: 4200,
  },
};

/** What the sentences are of: films, New York Times editorials, Amazon's customer reviews, or tweets. */
export type HuttoPart = 'movies' | 'editorials' | 'products' | 'tweets';

const NAMES: Readonly<Record<HuttoPart, string>> = {
  movies: 'movieReviewSnippets_GroundTruth.txt',
  editorials: 'nytEditorialSnippets_GroundTruth.txt',
  products: 'amazonReviewSnippets_GroundTruth.txt',
  tweets: 'tweets_GroundTruth.txt',
};

export interface RatedSentence {
  readonly text: string;
  /** The mean of about twenty people's, from −4 to 4. */
  readonly rating: number;
  /** Which editorial or review it is of; sentences of one follow each other. Movie sentences and tweets stand alone. */
  readonly document?: string;
}

export interface SentimentSplits {
  readonly train: readonly LabelledText[];
  readonly validation: readonly LabelledText[];
  readonly test: readonly LabelledText[];
}

/**
 * Reads the sentences of one part, in the file's order.
 *
 * @throws if the archive is missing or damaged, or a line is no number, rating and text
 *
 * @example
 * ```ts
 * import { hutto, readHutto, splitMovieSentences } from '@heed/nlp';
 * import { fetchData } from '@heed/node';
 * const { train } = splitMovieSentences(await readHutto(await fetchData(hutto), 'movies'));
 * console.log(train.length); // 7566
 * ```
 */
export async function readHutto(files: FileReader, part: HuttoPart): Promise<RatedSentence[]> {
  const archive = (await files.read(ARCHIVE)) as Uint8Array<ArrayBuffer>;
  let entries: readonly ParsedTarFileItem[];
  try {
    entries = await parseTarGzip(archive);
  } catch (error) {
    throw new Error(`readHutto: ${ARCHIVE} must be a gzipped tar, got ${archive.length} bytes that are none`, {
      cause: error,
    });
  }
  const entry = entries.find(({ name }) => name.endsWith(NAMES[part]));
  if (entry?.data === undefined) throw new Error(`readHutto: ${ARCHIVE} must hold ${NAMES[part]}, got none`);
  const lines = new TextDecoder('utf-8', { fatal: true }).decode(entry.data).split('\n');
  return lines.filter((line) => line.trim() !== '').map(parseLine);
}

/** Movie sentences as positive and negative ones, divided as the card says: always alike. */
export function splitMovieSentences(sentences: readonly RatedSentence[]): SentimentSplits {
  const labelled = new Map<string, LabelledText>();
  for (const { text, rating } of sentences) {
    const key = text.toLowerCase();
    if (rating !== 0 && !labelled.has(key)) labelled.set(key, { text, label: rating > 0 ? 'positive' : 'negative' });
  }
  const shuffled = new Random(2014).shuffle([...labelled.values()]);
  return { test: shuffled.slice(0, 2000), validation: shuffled.slice(2000, 3000), train: shuffled.slice(3000) };
}

function parseLine(line: string, index: number): RatedSentence {
  const [id, rating, text] = line.split('\t');
  if (!/^\d+(_\d+)?$/.test(id) || !/^-?\d+(\.\d+)?$/.test(rating) || !text?.trim()) {
    throw new Error(
      `readHutto: line ${index + 1} must be a number, a rating and a text, got ${JSON.stringify(line.slice(0, 60))}`,
    );
  }
  const [document, within] = id.split('_');
  return { text: text.trim(), rating: Number(rating), ...(within !== undefined && { document }) };
}
