import { parseConfig, type HostArray } from '@heed/training';
import { z } from 'zod';
import { centreCrop } from '../images/geometry.ts';
import { requireImage, withChannels, type Image } from '../images/image.ts';
import { resize, type ResizeFilter } from '../images/resize.ts';

/** How pictures become numbers: what Hugging Face keeps in `preprocessor_config.json`. */
export interface ImageReading {
  /** Height and width that pictures are brought to. */
  readonly imageSize: readonly [height: number, width: number];
  /** 1 for grey, 3 for colours; others are converted. */
  readonly channels: 1 | 3;
  /** 'stretch' takes no care of the shape; 'crop' shrinks until the picture just covers the size, and takes the middle. */
  readonly framing: 'stretch' | 'crop';
  readonly filter: ResizeFilter;
  /** Of each channel, as share of 255; subtracted. */
  readonly mean: readonly number[];
  /** Of each channel, as share of 255; divided by. */
  readonly deviation: readonly number[];
}

/** A picture in the size and with the channels that a model reads. */
export function framed(owner: string, image: Image, { imageSize, channels, framing, filter }: ImageReading): Image {
  requireImage(owner, image);
  const [height, width] = imageSize;
  const converted = withChannels(image, channels);
  if (image.height === height && image.width === width) return converted;
  if (framing === 'stretch') return resize(converted, width, height, filter);
  const scale = Math.max(height / image.height, width / image.width);
  // the side that decides is exact, the other is cut to whole pixels, as transformers do for `shortest_edge`
  const side = (now: number, wanted: number) => Math.max(wanted, Math.trunc(now * scale + 1e-9));
  return centreCrop(resize(converted, side(image.width, width), side(image.height, height), filter), width, height);
}

/** Framed pictures as numbers: (byte / 255 − mean) / deviation. @returns [B, height, width, channels] */
export function imageTensor(
  images: readonly Image[],
  reading: ImageReading,
): HostArray<readonly [number, number, number, number]> {
  const { imageSize, channels, mean, deviation } = reading;
  const [height, width] = imageSize;
  const size = height * width * channels;
  const tables = mean.map((middle, channel) =>
    Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - middle) / deviation[channel]),
  );
  const data = new Float32Array(images.length * size);
  for (const [row, image] of images.entries()) {
    for (let i = 0; i < size; i++) data[row * size + i] = tables[i % channels][image.data[i]];
  }
  return { data, shape: [images.length, height, width, channels] };
}

const FILTERS = { 1: 'lanczos', 2: 'bilinear', 3: 'bicubic' } as const;
const side = z.number().int().min(1);
const sizes = z.union([side, z.object({ height: side, width: side }), z.object({ shortest_edge: side })]);
const numbers = z.array(z.number());
const schema = z.object({
  do_resize: z.literal(true).default(true),
  size: sizes,
  resample: z.union([z.literal(1), z.literal(2), z.literal(3)]).default(2),
  do_center_crop: z.boolean().nullish(),
  crop_size: sizes.nullish(),
  do_rescale: z.literal(true).default(true),
  rescale_factor: z
    .number()
    .refine((factor) => Math.abs(factor * 255 - 1) < 1e-6, { message: 'must be 1/255' })
    .default(1 / 255),
  do_normalize: z.boolean().default(true),
  image_mean: numbers.default([0.5, 0.5, 0.5]),
  image_std: numbers.default([0.5, 0.5, 0.5]),
});

/**
 * How published weights want to be shown pictures.
 *
 * @param published the content of `preprocessor_config.json`
 * @throws if they want it otherwise than is done here: not resized, or cut to another size than they are shrunk to
 */
export function readingFrom(owner: string, published: unknown): ImageReading {
  const theirs = parseConfig(owner, schema, published);
  const { size, crop_size: cropSize } = theirs;
  const both = (of: z.infer<typeof sizes>): [number, number] => {
    if (typeof of === 'number') return [of, of];
    return 'height' in of ? [of.height, of.width] : [of.shortest_edge, of.shortest_edge];
  };
  const crops = theirs.do_center_crop === true;
  const imageSize = both(crops && cropSize ? cropSize : size);
  if (crops && String(imageSize) !== String(both(size))) {
    throw new Error(
      `${owner}: crop_size: must be what pictures are shrunk to, ${both(size).join(' × ')}, got ${imageSize.join(' × ')}`,
    );
  }
  const channels = theirs.image_mean.length;
  if ((channels !== 1 && channels !== 3) || theirs.image_std.length !== channels) {
    throw new Error(
      `${owner}: image_mean and image_std: must have 1 or 3 numbers, got ${channels} and ${theirs.image_std.length}`,
    );
  }
  return {
    imageSize,
    channels,
    framing: crops ? 'crop' : 'stretch',
    filter: FILTERS[theirs.resample],
    mean: theirs.do_normalize ? theirs.image_mean : theirs.image_mean.map(() => 0),
    deviation: theirs.do_normalize ? theirs.image_std : theirs.image_std.map(() => 1),
  };
}

/** The same as `preprocessor_config.json` has it. */
export function publishedReading({
  imageSize,
  framing,
  filter,
  mean,
  deviation,
}: ImageReading): Record<string, unknown> {
  const size = { height: imageSize[0], width: imageSize[1] };
  const square = imageSize[0] === imageSize[1];
  const crops = framing === 'crop';
  return {
    image_processor_type: 'ViTImageProcessor',
    do_resize: true,
    size: crops && square ? { shortest_edge: imageSize[0] } : size,
    resample: Number(Object.entries(FILTERS).find(([, name]) => name === filter)![0]),
    ...(crops && { do_center_crop: true, crop_size: size }),
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: deviation,
  };
}
