import { requireImage, type Image } from './image.ts';

/** A picture as a PNG file. @throws if it has no area or not its bytes */
export async function encodePng(image: Image): Promise<Uint8Array> {
  requireImage('encodePng', image);
  const { encode } = await import('fast-png');
  return encode({ ...image, depth: 8 });
}
