import { Random } from '@heed/attention-core';
import { dataLoader, fingerprint, type HostArray, type HostMatrix } from '@heed/training';
import { augmentImage, mixImages, type Augmentation } from '../../augmentation/augment.ts';
import type { Image } from '../../images/image.ts';
import { imageTensor, type ImageReading } from '../../preprocessing/image-reader.ts';

/** What a training step sees. */
export type ImageBatch = {
  /** [B, height, width, channels] */
  readonly images: HostArray<readonly [number, number, number, number]>;
  /** How much of each class a picture is: [B, classes]. */
  readonly shares: HostMatrix;
};

export interface ImageBatchesOptions {
  readonly images: readonly Image[];
  readonly labels: readonly number[];
  readonly classes: number;
  readonly reading: ImageReading;
  readonly augmentation: Augmentation;
  readonly labelSmoothing: number;
  readonly batchSize: number;
  readonly seed: number;
}

/** Framed pictures in batches, changed by chance. What changes follows from the batch's members, so that a resumed run sees the same. @throws if smoothing is out of range */
export function imageBatches(options: ImageBatchesOptions) {
  const { images, labels, classes, reading, augmentation, labelSmoothing, batchSize, seed } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new Error(`ImageClassifier.fit: labelSmoothing must be in [0, 1), got ${labelSmoothing}`);
  }
  return dataLoader({
    examples: images.length,
    batchSize,
    seed,
    make: (members): ImageBatch => {
      const random = new Random(seed).fork(`augmentation ${members.join(' ')}`);
      const changed = members.map((index) => augmentImage(images[index], augmentation, random));
      const tensor = imageTensor(changed, reading);
      const mixing = mixImages(tensor.data as Float32Array, tensor.shape, augmentation, random);
      const shares = new Float32Array(members.length * classes).fill(labelSmoothing / classes);
      const give = (row: number, label: number, share: number) =>
        (shares[row * classes + label] += (1 - labelSmoothing) * share);
      for (const [row, index] of members.entries()) {
        give(row, labels[index], mixing?.share ?? 1);
        if (mixing) give(row, labels[members[mixing.partners[row]]], 1 - mixing.share);
      }
      return { images: tensor, shares: { data: shares, shape: [members.length, classes] } };
    },
  });
}

/** Of all pixels and labels. */
export function imagesFingerprint(images: readonly Image[], labels: readonly number[]): string {
  const ofImage = ({ data }: Image) => {
    let hash = 0;
    for (let i = 0; i < data.length; i++) hash = (Math.imul(hash, 31) + data[i]) | 0;
    return hash;
  };
  return fingerprint([...labels, ...images.map(ofImage)]);
}
