import { capture, captureGradients, relevance, rollout, type AttentionMap } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { ImageModel } from '../../models/image-model.ts';
import type { Overlay } from '../../pictures/overlay.ts';
import type { ExplainOptions } from './image-classifier-config.ts';

const LAYER = /^(?:layer |places)/;
const isSelfAttention = (name: string) => name.startsWith('layer ');

/**
 * Where a model looked in one picture.
 *
 * @param image [1, height, width, C] @param label the index of the class whose gradient is asked for
 * @throws if the model has no attention over places, or not of the kind that is asked for; if there is no such layer
 */
export async function explainImage(
  owner: string,
  model: ImageModel,
  image: tf.Tensor4D,
  label: number,
  { by = 'layers', layers, heads = 'mean' }: ExplainOptions,
): Promise<Overlay[]> {
  const [, height, width] = image.shape;
  const grid = model.grid(height, width);
  if (grid === undefined)
    throw new Error(`${owner}: the model must have attention over places, got none in this architecture`);
  if (by !== 'layers' && layers !== undefined) throw new Error(`${owner}: layers go with by 'layers', got by '${by}'`);
  if (by === 'gradient') {
    const objective = () => tf.sum(tf.slice(model.forward(image), [0, label], [1, 1]));
    const { maps, gradients } = captureGradients(objective);
    return joined(owner, model, maps, gradients, grid, (own) => {
      const kept = gradients.filter(({ name }) => isSelfAttention(name));
      return relevance({ maps: [...own], gradients: kept });
    });
  }
  const wanted = (name: string) => {
    if (layers === undefined || name === 'pooling' || !LAYER.test(name)) return true;
    return layers.some((layer) => name === `layer ${layer}` || name === (layer === 1 ? 'places' : `places#${layer}`));
  };
  const { result, maps } = capture(() => model.forward(image), { names: wanted });
  result.dispose();
  if (by === 'rollout') return joined(owner, model, maps, [], grid, (own) => rollout(own));
  try {
    const overlays = maps.flatMap((map) => ofMap(model, map, maps, grid, heads));
    const found = maps.filter(({ name }) => LAYER.test(name)).length;
    if (layers !== undefined && found !== new Set(layers).size) {
      throw new Error(`${owner}: layers must be among those of the model, counted from 1, got ${layers.join(', ')}`);
    }
    return overlays;
  } finally {
    tf.dispose(maps.map(({ weights }) => weights));
  }
}

/** All layers of self-attention as one overlay. */
function joined(
  owner: string,
  model: ImageModel,
  maps: readonly AttentionMap[],
  gradients: readonly AttentionMap[],
  grid: readonly [number, number],
  join: (own: readonly AttentionMap[]) => AttentionMap,
): Overlay[] {
  let whole: AttentionMap | undefined;
  try {
    const own = maps.filter(({ name }) => isSelfAttention(name));
    if (own.length === 0)
      throw new Error(`${owner}: layers must be of self-attention to be joined, got none in this architecture`);
    whole = join(own);
    return ofMap(model, whole, maps, grid, 'mean');
  } finally {
    tf.dispose([...maps, ...gradients, ...(whole === undefined ? [] : [whole])].map(({ weights }) => weights));
  }
}

function ofMap(
  model: ImageModel,
  map: AttentionMap,
  maps: readonly AttentionMap[],
  grid: readonly [number, number],
  heads: 'each' | 'mean',
): Overlay[] {
  const places = model.placesOf(map, maps); // [1, H, places]
  if (places === undefined) return [];
  const [, count, size] = places.shape;
  const data = places.dataSync() as Float32Array;
  places.dispose();
  // a convolutional network's later gates are over fewer places
  const own = size === grid[0] * grid[1] ? grid : ([map.weights.shape[2], map.weights.shape[3]] as const);
  if (heads === 'each' && count > 1) {
    return Array.from({ length: count }, (_, head) => ({
      name: `${map.name}, head ${head + 1}`,
      grid: own,
      weights: data.slice(head * size, (head + 1) * size),
    }));
  }
  const mean = Float32Array.from({ length: size }, (_, place) => {
    let sum = 0;
    for (let head = 0; head < count; head++) sum += data[head * size + place];
    return sum / count;
  });
  return [{ name: map.name, grid: own, weights: mean }];
}
