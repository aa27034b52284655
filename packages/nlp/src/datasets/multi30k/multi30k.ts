import type { DatasetCard, FileReader } from '@heed/training';
import type { TranslationPair } from '../translation-pair.ts';

export type Multi30kLanguage = 'de' | 'en' | 'fr';

const COMMIT = 'a3d2e0d26b56f3846f66a952536ffed4e401d05a';

const FILES: readonly (readonly [name: string, bytes: number, sha256: string])[] = [
  ['train.de.gz', 637_044, '726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6'],
  ['train.en.gz', 568_929, 'd79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f'],
  ['train.fr.gz', 604_242, '622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c'],
  ['val.de.gz', 24_681, 'f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a'],
  ['val.en.gz', 21_650, '14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28'],
  ['val.fr.gz', 23_001, 'ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9'],
  ['test_2016_flickr.de.gz', 22_890, '9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8'],
  ['test_2016_flickr.en.gz', 21_077, '611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9'],
  ['test_2016_flickr.fr.gz', 22_310, '6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90'],
];

/** Descriptions of photographs in English, translated into German and French: task 1, untokenized. */
export const multi30k: DatasetCard = {
  name: 'multi30k',
  licence: 'CC BY-NC-SA 4.0: for benchmarks, not for products',
  source: `github multi30k/dataset, data/task1/raw, commit ${COMMIT.slice(0, 7)}`,
  reference: 'Elliott, Frank, Sima\'an, Specia 2016, "Multi30K: Multilingual English-German Image Descriptions"',
  files: FILES.map(([name, bytes, sha256]) => ({
    name,
    bytes,
    sha256,
    url: `https://raw.githubusercontent.com/multi30k/dataset/${COMMIT}/data/task1/raw/${name}`,
    mirror: `multi30k/${name}`,
  })),
  splits: { train: 29_000, validation: 1_014, test: 1_000, rule: 'as published; test is test_2016_flickr' },
  statistics: {
    'German words': 322_383,
    'English words': 345_020,
    'French words': 362_021,
    'longest German sentence, words': 39,
  },
};

export interface Multi30kSplits {
  readonly train: readonly TranslationPair[];
  readonly validation: readonly TranslationPair[];
  readonly test: readonly TranslationPair[];
}

/**
 * Reads the pairs of two languages.
 *
 * @throws if a file is missing, is no gzip, or the two languages differ in their number of lines
 *
 * @example
 * ```ts
 * import { multi30k, readMulti30k } from '@heed/nlp';
 * import { fetchData } from '@heed/node';
 * const { train } = await readMulti30k(await fetchData(multi30k), { from: 'de', to: 'en' });
 * console.log(train[0]); // { source: 'Zwei junge weiße Männer …', target: 'Two young, White males …' }
 * ```
 */
export async function readMulti30k(
  files: FileReader,
  { from, to }: { readonly from: Multi30kLanguage; readonly to: Multi30kLanguage },
): Promise<Multi30kSplits> {
  const pairs = async (split: string): Promise<TranslationPair[]> => {
    const [sources, targets] = await Promise.all(
      [from, to].map((language) => readLines(files, `${split}.${language}.gz`)),
    );
    if (sources.length !== targets.length) {
      throw new Error(
        `readMulti30k: ${split} must have as many lines in both languages, got ${sources.length} and ${targets.length}`,
      );
    }
    return sources.map((source, i) => ({ source, target: targets[i] }));
  };
  return { train: await pairs('train'), validation: await pairs('val'), test: await pairs('test_2016_flickr') };
}

async function readLines(files: FileReader, name: string): Promise<string[]> {
  const bytes = (await files.read(name)) as Uint8Array<ArrayBuffer>;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const text = await new Response(stream).text().catch((error: unknown) => {
    throw new Error(`readMulti30k: ${name} must be a gzip file, got ${bytes.length} bytes that are none`, {
      cause: error,
    });
  });
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim());
}
