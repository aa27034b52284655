/** The masks of the workshop; apart from what makes them, so that the page does not load the packages. */
export const MASK_NAMES = [
  'causal',
  'sliding window',
  'dilated window',
  'padding',
  'prefix',
  'strided',
  'documents',
  'BigBird',
] as const;
export type MaskName = (typeof MASK_NAMES)[number];
