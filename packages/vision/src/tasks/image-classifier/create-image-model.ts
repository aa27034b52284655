import { Cct, createCct } from '../../models/cct/cct.ts';
import { ConvNet, createConvNet } from '../../models/conv-net/conv-net.ts';
import { createVit, Vit } from '../../models/vit/vit.ts';
import type { ImageClassifierConfig } from './image-classifier-config.ts';

/** The models that classify. */
export type ClassifierModel = Vit | Cct | ConvNet;

/** The model of a config, with new weights. */
export function createImageModel(config: ImageClassifierConfig): ClassifierModel {
  const { labels, imageSize, channels, seed } = config;
  const classes = labels.length;
  if (config.architecture === 'conv-net') {
    const { widths, blocks, attention, reduction, dropout } = config;
    return createConvNet({ channels, widths, blocks, attention, reduction, dropout, classes }, seed);
  }
  const { modelWidth, layers, heads, feedForwardWidth, dropout, attentionDropout } = config;
  const transformer = { channels, modelWidth, layers, heads, feedForwardWidth, dropout, attentionDropout, classes };
  if (config.architecture === 'cct') {
    const { convolutions, kernelSize, stemWidth, stochasticDepth } = config;
    return createCct({ ...transformer, imageSize, convolutions, kernelSize, stemWidth, stochasticDepth }, seed);
  }
  const { patchSize, activation, epsilon, pooling, positionSize = imageSize } = config;
  return createVit({ ...transformer, imageSize: positionSize, patchSize, activation, epsilon, pooling }, seed);
}
