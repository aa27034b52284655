import type { Random } from '@heed/attention-core';
import { crop, flipHorizontally } from '../images/geometry.ts';
import type { Image } from '../images/image.ts';

/** What is done to pictures while a model learns from them. Everything absent is not done. */
export interface Augmentation {
  /** Whether every other picture is mirrored: left and right exchanged. */
  readonly flip?: boolean;
  /** Pictures are moved by up to so many pixels up or down, left or right; what comes in is black. */
  readonly shift?: number;
  /** Probability that a rectangle of a fiftieth to a third of the picture becomes noise (Zhong et al. 2020, random erasing). */
  readonly erase?: number;
  /** α of mixup (Zhang et al. 2018): two pictures and their classes, λ and 1 − λ of them, λ from Beta(α, α). */
  readonly mixup?: number;
  /** α of CutMix (Yun et al. 2019): a rectangle of one picture in the other. With `mixup`, each batch has one of the two. */
  readonly cutMix?: number;
}

/** One picture, changed by chance. */
export function augmentImage(
  image: Image,
  { flip = false, shift = 0, erase = 0 }: Augmentation,
  random: Random,
): Image {
  let changed = image;
  if (flip && random.uniform() < 0.5) changed = flipHorizontally(changed);
  if (shift > 0) {
    const by = () => random.integer(2 * shift + 1) - shift;
    changed = crop(changed, { left: by(), top: by(), width: image.width, height: image.height });
  }
  return erase > 0 && random.uniform() < erase ? erased(changed, random) : changed;
}

/** Noise in a rectangle: 2 to 33 % of the area, sides of a ratio between 0.3 and 3.3. */
function erased(image: Image, random: Random): Image {
  const { width, height, channels } = image;
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * (0.02 + 0.31 * random.uniform());
    const ratio = Math.exp(Math.log(0.3) + (Math.log(3.3) - Math.log(0.3)) * random.uniform());
    const [rows, columns] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))];
    if (rows < 1 || columns < 1 || rows >= height || columns >= width) continue;
    const [top, left] = [random.integer(height - rows + 1), random.integer(width - columns + 1)];
    const data = image.data.slice();
    const noise = random.uniforms(rows * columns * channels, 0, 256);
    for (let y = 0; y < rows; y++) {
      const line = noise.subarray(y * columns * channels, (y + 1) * columns * channels);
      data.set(line, ((top + y) * width + left) * channels);
    }
    return { ...image, data };
  }
  return image;
}

/** How the pictures of a batch are mixed: picture i keeps `share` of its class and takes the rest from picture `partners[i]`. */
export interface Mixing {
  readonly share: number;
  readonly partners: readonly number[];
}

/**
 * Mixes the pictures of a batch among themselves, in place.
 *
 * @param data [B, height, width, channels] @returns undefined where neither is asked for
 */
export function mixImages(
  data: Float32Array,
  shape: readonly [number, number, number, number],
  { mixup = 0, cutMix = 0 }: Augmentation,
  random: Random,
): Mixing | undefined {
  if (mixup === 0 && cutMix === 0) return undefined;
  const [count, height, width, channels] = shape;
  const size = height * width * channels;
  const partners = random.shuffle(Array.from({ length: count }, (_, i) => i));
  const cuts = cutMix > 0 && (mixup === 0 || random.uniform() < 0.5);
  const share = beta(cuts ? cutMix : mixup, random);
  const before = data.slice();
  if (!cuts) {
    for (let i = 0; i < data.length; i++) {
      const partner = partners[Math.floor(i / size)] * size + (i % size);
      data[i] = share * before[i] + (1 - share) * before[partner];
    }
    return { share, partners };
  }
  const side = Math.sqrt(1 - share);
  const range = (length: number) => {
    const [middle, half] = [random.integer(length), (length * side) / 2];
    return [Math.max(0, Math.round(middle - half)), Math.min(length, Math.round(middle + half))] as const;
  };
  const [[top, bottom], [left, right]] = [range(height), range(width)];
  for (const [row, partner] of partners.entries()) {
    for (let y = top; y < bottom; y++) {
      const [start, end] = [(y * width + left) * channels, (y * width + right) * channels];
      data.set(before.subarray(partner * size + start, partner * size + end), row * size + start);
    }
  }
  return { share: 1 - ((bottom - top) * (right - left)) / (height * width), partners };
}

/** A draw from Beta(α, α). */
function beta(alpha: number, random: Random): number {
  const [one, other] = [gamma(alpha, random), gamma(alpha, random)];
  return one + other === 0 ? 0.5 : one / (one + other);
}

/** A draw from Gamma(α, 1): Marsaglia & Tsang 2000. */
function gamma(alpha: number, random: Random): number {
  if (alpha < 1) return gamma(alpha + 1, random) * Math.max(random.uniform(), 1e-12) ** (1 / alpha);
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const [x] = random.normals(1);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(Math.max(random.uniform(), 1e-12)) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
