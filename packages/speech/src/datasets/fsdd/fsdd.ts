import type { DatasetCard, FileReader } from '@heed/training';
import { parseTarGzip } from 'nanotar';
import { readWav } from '../../sound/read-wav.ts';
import type { Sound } from '../../sound/sound.ts';

const ARCHIVE = 'recordings.tar.gz';

/** The Free Spoken Digit Dataset: English digits, each said 50 times by six people. */
export const fsdd: DatasetCard = {
  name: 'fsdd',
  licence: 'CC BY-SA 4.0',
  source: 'github Jakobovski/free-spoken-digit-dataset, commit 26eb9aa, its folder recordings packed as a tar',
  reference: 'https://doi.org/10.5281/zenodo.1342401',
  files: [
    {
      name: ARCHIVE,
      bytes: 16_029_561,
      sha256: 'f19814a642af455d727161c83a4178f271707ee978e3dd1cf2cf40209f6deb84',
      mirror: 'fsdd/recordings.tar.gz',
    },
  ],
  splits: { train: 2_700, test: 300, rule: 'official: recordings 0 to 4 of each digit and speaker are the test' },
  statistics: { recordings: 3_000, speakers: 6, digits: 10, rate: 8_000 },
};

/** One digit as somebody said it. */
export interface SpokenDigit extends Sound {
  /** '0' to '9'. */
  readonly digit: string;
  readonly speaker: string;
  /** Which of the speaker's recordings of the digit it is, 0 to 49. */
  readonly take: number;
}

/** By the official split. */
export interface Fsdd {
  readonly train: readonly SpokenDigit[];
  readonly test: readonly SpokenDigit[];
}

/**
 * Reads the recordings, in the order of digit, speaker and take.
 *
 * @throws if the archive is damaged, or a recording is no WAV file
 *
 * @example
 * ```ts
 * import { fsdd, readFsdd } from '@heed/speech';
 * import { fetchData } from '@heed/node';
 * const { train } = await readFsdd(await fetchData(fsdd)); // 16 MB
 * console.log(train[0].digit, train[0].speaker, train[0].samples.length);
 * ```
 */
export async function readFsdd(files: FileReader): Promise<Fsdd> {
  const bytes = (await files.read(ARCHIVE)) as Uint8Array<ArrayBuffer>;
  const entries = await parseTarGzip(bytes).catch((error: unknown) => {
    throw new Error(`readFsdd: ${ARCHIVE} must be a .tar.gz, got ${bytes.length} bytes that are none`, {
      cause: error,
    });
  });
  const digits: SpokenDigit[] = [];
  for (const { name, data } of entries) {
    const [, digit, speaker, take] = /(?:^|\/)(\d)_([a-z]+)_(\d+)\.wav$/.exec(name) ?? [];
    if (digit === undefined || data === undefined) continue;
    const { samples, rate } = readWav(data);
    digits.push({ digit, speaker, take: Number(take), samples, rate });
  }
  if (digits.length === 0) throw new Error(`readFsdd: ${ARCHIVE} must have recordings, got none`);
  digits.sort(
    (a, b) =>
      Number(a.digit) - Number(b.digit) || (a.speaker < b.speaker ? -1 : a.speaker > b.speaker ? 1 : a.take - b.take),
  );
  return { train: digits.filter(({ take }) => take >= 5), test: digits.filter(({ take }) => take < 5) };
}
