export { decodeImage, type DecodeOptions } from './images/decode-image.ts';
export { encodePng } from './images/encode-png.ts';
export { centreCrop, crop, flipHorizontally, type Rectangle } from './images/geometry.ts';
export { imageFromPixels, withChannels, type Image, type RgbaPixels } from './images/image.ts';
export { resize, type ResizeFilter } from './images/resize.ts';
export {
  FASHION_LABELS,
  fashionMnist,
  readFashionMnist,
  type FashionMnist,
} from './datasets/fashion-mnist/fashion-mnist.ts';
export { readLabelledFolder, type LabelledFolder } from './datasets/labelled-folder/labelled-folder.ts';
export type { LabelledImage } from './datasets/labelled-image.ts';
export type { Augmentation } from './augmentation/augment.ts';
export {
  averagePrecision,
  type AveragePrecision,
  type DetectionCase,
  type FoundObject,
  type TrueObject,
} from './evaluation/average-precision.ts';
export { calibration, type Calibration } from './evaluation/calibration.ts';
export { Cct, createCct, type CctConfig } from './models/cct/cct.ts';
export { ConvNet, createConvNet, type ConvNetConfig } from './models/conv-net/conv-net.ts';
export type { ImageMode, ImageModel } from './models/image-model.ts';
export { createVit, Vit, type VitConfig } from './models/vit/vit.ts';
export { publishedVitConfig, vitConfigFrom, vitNames } from './models/vit/vit.names.ts';
export {
  drawOverlay,
  renderOverlays,
  type DrawOverlayOptions,
  type OverlaidImage,
  type Overlay,
} from './pictures/overlay.ts';
export type { ImageReading } from './preprocessing/image-reader.ts';
export { ImageClassifier } from './tasks/image-classifier/image-classifier.ts';
export type {
  CctClassifierConfig,
  ConvNetClassifierConfig,
  ExplainedImage,
  ExplainOptions,
  ImageClassifierConfig,
  ImageClassifierEvaluation,
  ImageClassifierFitOptions,
  ImageClassifierOptions,
  ImageClassifierPredictOptions,
  PredictedImage,
  PretrainedImageClassifierOptions,
  VitClassifierConfig,
} from './tasks/image-classifier/image-classifier-config.ts';
export { createSwin, Swin, type SwinConfig } from './models/swin/swin.ts';
export { publishedSwinConfig, swinConfigFrom, swinNames } from './models/swin/swin.names.ts';
