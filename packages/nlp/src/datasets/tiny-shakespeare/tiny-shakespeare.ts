import type { DatasetCard, FileReader } from '@heed/training';

const COMMIT = '6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e';
const FILE = 'input.txt';

/** Forty thousand lines of Shakespeare's plays, for models of characters. */
export const tinyShakespeare: DatasetCard = {
  name: 'tinyshakespeare',
  licence: 'public domain',
  source: `github karpathy/char-rnn, data/tinyshakespeare, commit ${COMMIT.slice(0, 7)}`,
  reference: 'Karpathy 2015, "The unreasonable effectiveness of recurrent neural networks"',
  files: [
    {
      name: FILE,
      bytes: 1_115_394,
      sha256: '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed',
      url: `https://raw.githubusercontent.com/karpathy/char-rnn/${COMMIT}/data/tinyshakespeare/${FILE}`,
      mirror: `tinyshakespeare/${FILE}`,
    },
  ],
  splits: {
    train: 1_003_854,
    validation: 111_540,
    rule: 'characters; the last tenth is for validation, as in nanoGPT',
  },
  statistics: { characters: 1_115_394, 'different characters': 65, lines: 40_000 },
};

export interface TinyShakespeareSplits {
  readonly train: string;
  readonly validation: string;
}

/**
 * Reads the text and cuts off its last tenth.
 *
 * @throws if the file is missing
 *
 * @example
 * ```ts
 * import { readTinyShakespeare, tinyShakespeare } from '@heed/nlp';
 * import { fetchData } from '@heed/node';
 * const { train } = await readTinyShakespeare(await fetchData(tinyShakespeare));
 * console.log(train.slice(0, 14)); // First Citizen:
 * ```
 */
export async function readTinyShakespeare(files: FileReader): Promise<TinyShakespeareSplits> {
  const text = new TextDecoder().decode(await files.read(FILE));
  const train = Math.floor(text.length * 0.9);
  return { train: text.slice(0, train), validation: text.slice(train) };
}
