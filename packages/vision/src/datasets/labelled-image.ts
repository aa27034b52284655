import type { Image } from '../images/image.ts';

/** A picture and its class. */
export interface LabelledImage {
  readonly image: Image;
  readonly label: string;
}
