import type { Image } from '../../images/image.ts';

/** What `faithfulness` of attention-core asks for: scores of a picture of which only some places are kept. */
export function scoreWithout(
  image: Image,
  grid: readonly [number, number],
  score: (images: readonly Image[]) => Promise<number[]>,
): (kept: readonly (readonly boolean[])[]) => Promise<number[]> {
  const [rows, columns] = grid;
  return (kept) => {
    const wrong = kept.find((flags) => flags.length !== rows * columns);
    if (wrong === undefined) return score(kept.map((flags) => withoutPlaces(image, grid, flags)));
    throw new Error(
      `ImageClassifier.faithfulness: an overlay of ${rows} × ${columns} places must have as many numbers, got ${wrong.length}`,
    );
  };
}

/** A picture of whose places only some are kept; the others have the mean of each channel. @param kept rows · columns flags, row by row */
function withoutPlaces(image: Image, [rows, columns]: readonly [number, number], kept: readonly boolean[]): Image {
  const { width, height, channels, data: from } = image;
  const sums = Array.from({ length: channels }, () => 0);
  for (let i = 0; i < from.length; i++) sums[i % channels] += from[i];
  const means = sums.map((sum) => Math.round(sum / (width * height)));
  const data = from.slice();
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height);
    for (let x = 0; x < width; x++) {
      if (kept[row * columns + Math.floor((x * columns) / width)]) continue;
      for (let channel = 0; channel < channels; channel++) data[(y * width + x) * channels + channel] = means[channel];
    }
  }
  return { ...image, data };
}
