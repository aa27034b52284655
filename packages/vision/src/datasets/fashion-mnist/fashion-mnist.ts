import type { DatasetCard, FileReader } from '@heed/training';
import type { LabelledImage } from '../labelled-image.ts';
import { readIdx } from './read-idx.ts';

/** 70,000 grey pictures of articles of clothing, 28 × 28, in ten classes (Zalando), as Debian carries them. */
export const fashionMnist: DatasetCard = {
  name: 'fashion-mnist',
  licence: 'MIT',
  source: 'Debian dataset-fashion-mnist 0.0~git20200523.55506a9-1',
  reference:
    'Xiao, Rasul, Vollgraf 2017, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms"',
  files: [
    file('train-images-idx3-ubyte.gz', 26421856, 'b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7'),
    file('train-labels-idx1-ubyte.gz', 29491, '0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056'),
    file('t10k-images-idx3-ubyte.gz', 4422079, 'cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa'),
    file('t10k-labels-idx1-ubyte.gz', 5125, '8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05'),
  ],
  splits: { train: 60000, test: 10000 },
  statistics: {
    classes: 10,
    'per class, to train': 6000,
    'per class, to test': 1000,
    'mean of the bytes to train': 72.94,
  },
};

/** The classes, in the order of their numbers. */
export const FASHION_LABELS = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
] as const;

export interface FashionMnist {
  readonly train: LabelledImage[];
  readonly test: LabelledImage[];
}

/**
 * Pictures to learn from and to test on, in the order of the files.
 *
 * @throws if a file is not of the format or a label is not one of ten, naming the file
 */
export async function readFashionMnist(files: FileReader): Promise<FashionMnist> {
  const part = async (name: string): Promise<LabelledImage[]> => {
    const owner = 'readFashionMnist';
    const pictures = await readIdx(owner, files, `${name}-images-idx3-ubyte.gz`, 3);
    const classes = await readIdx(owner, files, `${name}-labels-idx1-ubyte.gz`, 1);
    const [count, height, width] = pictures.sizes;
    if (classes.sizes[0] !== count) {
      throw new Error(`${owner}: ${name} must have a label for each picture, got ${count} and ${classes.sizes[0]}`);
    }
    return Array.from(classes.data, (index, i) => {
      const label = FASHION_LABELS[index];
      if (label === undefined) throw new Error(`${owner}: a label of ${name} must be below 10, got ${index} at ${i}`);
      const data = pictures.data.subarray(i * height * width, (i + 1) * height * width);
      return { image: { width, height, channels: 1, data }, label };
    });
  };
  return { train: await part('train'), test: await part('t10k') };
}

function file(name: string, bytes: number, sha256: string) {
  const path = `/usr/share/datasets/fashion-mnist/${name}`;
  return { name, bytes, sha256, package: { registry: 'apt', name: 'dataset-fashion-mnist', path } } as const;
}
