import type { LabelledMap } from '../labelled-map.ts';
import { headViews } from './head-views.ts';
import { htmlPage, type HtmlPageOptions } from './html-page.ts';

/**
 * A page with every head of every layer, as lines between tokens and as a grid of maps: see `headViews`. It asks for nothing over the network.
 *
 * @param layers for each layer the maps of its heads (`labelHeads`), all of the same rows and columns
 * @throws as `headViews`
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, capture, labelHeads, renderHeads } from '@heed/attention-core';
 * const x = tf.randomNormal([1, 2, 3, 4], 0, 1, 'float32', 7) as tf.Tensor4D; // two heads
 * const { maps } = capture(() => attention({ query: x, key: x, value: x, name: 'layer 1' }));
 * const words = ['a', 'cat', 'sat'];
 * const page = renderHeads(maps.map((map) => labelHeads(map, { rows: words, columns: words })), { title: 'Two heads' });
 * ```
 */
export function renderHeads(
  layers: readonly (readonly LabelledMap[])[],
  { title, description }: HtmlPageOptions = {},
): string {
  return htmlPage({ title, description }, '', ['<main>', headViews(layers), '</main>']);
}
