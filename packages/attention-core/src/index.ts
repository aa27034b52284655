import './autodiff/tape-order.ts';
import './kernels/index.ts';
export { requireIntegers } from './arguments/require-integers.ts';
export { attention, type AttentionOptions } from './attention/attention.ts';
export { gather, weightedSum, type Combiner } from './attention/combiner.ts';
export {
  mergeHeads,
  MultiHeadAttention,
  splitHeads,
  type KeysAndValues,
  type MultiHeadAttentionConfig,
  type MultiHeadAttentionInputs,
} from './attention/multi-head-attention.ts';
export { RelativePositionValues, type RelativePositionValuesConfig } from './attention/relative-position-values.ts';
export type { HeadPositions } from './attention/head-positions.ts';
export { adamUpdate, type AdamUpdate } from './kernels/adam-update.ts';
export { fused, hasFused, type FusedOp } from './kernels/fused-ops.ts';
export { hasNativeOps, nativeOp, type NativeOpOptions } from './kernels/native-ops.ts';
export { stopGradient } from './autodiff/stop-gradient.ts';
export { withGradient, type Fused, type GradientOptions } from './autodiff/with-gradient.ts';
export { alibi, alibiSlopes, type AlibiOptions } from './biases/alibi.ts';
export type { Bias } from './biases/bias.ts';
export { RelativeTable2d, type RelativeTable2dConfig } from './biases/relative-table-2d.ts';
export { T5Bias, t5Bucket, type T5BiasConfig } from './biases/t5.ts';
export { tensorBias } from './biases/tensor-bias.ts';
export { activate, gelu, geluTanh, type Activation } from './layers/activations.ts';
export { BatchNorm, type BatchNormConfig, type BatchNormMode } from './layers/batch-norm.ts';
export { Conv1d, type Conv1dConfig } from './layers/convolution/conv1d.ts';
export { Conv2d, type Conv2dConfig, type Kernel2dConfig } from './layers/convolution/conv2d.ts';
export { DepthwiseConv1d, type DepthwiseConv1dConfig } from './layers/convolution/depthwise-conv1d.ts';
export {
  DepthwiseConv2d,
  type DepthwiseConfig,
  type DepthwiseConv2dConfig,
} from './layers/convolution/depthwise-conv2d.ts';
export type { KernelConfig } from './layers/convolution/kernel-weights.ts';
export type { Margins, Padding1d, Padding2d } from './layers/convolution/padding.ts';
export { averagePool2d, maxPool2d, type PoolingOptions } from './layers/convolution/pooling.ts';
export { dropout } from './layers/dropout.ts';
export { Embedding, type EmbeddingConfig } from './layers/embedding.ts';
export { FeedForward, type FeedForwardConfig } from './layers/feed-forward.ts';
export { GroupNorm, type GroupNormConfig } from './layers/group-norm.ts';
export { LayerNorm, layerNorm, type LayerNormConfig } from './layers/layer-norm.ts';
export { Linear, linear, weight, type LinearConfig } from './layers/linear.ts';
export { RmsNorm, rmsNorm, type RmsNormConfig } from './layers/rms-norm.ts';
export { createNorm, type Norm, type NormKind } from './layers/norm.ts';
export { UnbiasedLayerNorm } from './layers/unbiased-layer-norm.ts';
export { eluFeatures, type FeatureMap } from './linear-attention/feature-map.ts';
export {
  causalLinearAttention,
  linearAttention,
  type CausalLinearAttentionOptions,
  type LinearAttentionOptions,
  type StatefulOutput,
} from './linear-attention/linear-attention.ts';
export { Linformer, type LinformerConfig, type LinformerInputs } from './linear-attention/linformer.ts';
export { PerformerFeatures, type PerformerFeaturesConfig } from './linear-attention/performer.ts';
export { probSparseAttention, type ProbSparseOptions } from './linear-attention/prob-sparse.ts';
export { recurrentLinearAttention, type RecurrentLinearAttentionOptions } from './linear-attention/recurrent.ts';
export {
  capture,
  isCapturing,
  type AttentionMap,
  type CaptureOptions,
  type EdgeCaptureOptions,
  type EdgeMap,
} from './maps/capture.ts';
export { labelHeads, labelMap, type LabelledMap, type LabelMapOptions } from './maps/labelled-map.ts';
export { escapeMarkup } from './maps/rendering/escape-markup.ts';
export { printableText, type PrintableOptions } from './maps/rendering/printable-text.ts';
export { headViews } from './maps/rendering/head-views.ts';
export type { HtmlPageOptions } from './maps/rendering/html-page.ts';
export { renderHeads } from './maps/rendering/render-heads.ts';
export { renderHtml, type HtmlOptions } from './maps/rendering/render-html.ts';
export { renderSvg, type SvgOptions } from './maps/rendering/render-svg.ts';
export { renderTerminal, type TerminalOptions } from './maps/rendering/render-terminal.ts';
export { attentionFlow } from './maps/analysis/attention-flow.ts';
export {
  captureGradients,
  gradientAttention,
  relevance,
  type MapsWithGradients,
} from './maps/analysis/gradient-attention.ts';
export { summariseHeads, type HeadSummaries } from './maps/analysis/head-summaries.ts';
export { intervene, isIntervening, type EdgeIntervention, type Intervention } from './maps/intervene.ts';
export {
  deletionCurve,
  faithfulness,
  insertionCurve,
  type FaithfulnessReport,
  type PerturbationCurve,
  type PerturbationOptions,
} from './maps/faithfulness/perturbation.ts';
export {
  attentionPermutation,
  parameterRandomisation,
  rankCorrelation,
  type ParameterRandomisationOptions,
  type RandomisedPart,
} from './maps/faithfulness/randomisation.ts';
export { rollout, type RolloutOptions } from './maps/analysis/rollout.ts';
export { joinSteps } from './maps/join-steps.ts';
export { MapsFile, readMapsFile, writeMapsFile, type LayerDescription, type LayerMaps } from './maps/maps-file.ts';
export { observeEdgeWeights, observeWeights } from './maps/observe-weights.ts';
export { and, not, or } from './masks/algebra.ts';
export type { Alignment } from './masks/alignment.ts';
export { bigBird, type BigBirdOptions } from './masks/big-bird.ts';
export { causal, type CausalOptions } from './masks/causal.ts';
export { documents, type DocumentIds } from './masks/documents.ts';
export { fromPredicate } from './masks/from-predicate.ts';
export { fromTensor } from './masks/from-tensor.ts';
export { localWindow, type LocalWindowOptions } from './masks/local-window.ts';
export {
  printMask,
  wholeRegion,
  type Band,
  type Mask,
  type MaskRegion,
  type Place,
  type Occupancy,
  type Range,
} from './masks/mask.ts';
export { padding, prefix } from './masks/padding.ts';
export { dilatedWindow, slidingWindow, type WindowOptions } from './masks/sliding-window.ts';
export { strided } from './masks/strided.ts';
export { buffer, isBuffer } from './module/buffer.ts';
export { Module, type NamedParameter } from './module/module.ts';
export { coSoftmax, type CoSoftmax, type CoSoftmaxOptions } from './normalisers/co-softmax.ts';
export {
  hardSample,
  hardStraightThrough,
  type HardSampleOptions,
  type StraightThroughOptions,
} from './normalisers/hard.ts';
export {
  CentrePredictor,
  localGaussian,
  type CentrePredictorConfig,
  type LocalGaussianOptions,
} from './normalisers/local-gaussian.ts';
export type { Normaliser, Visibility } from './normalisers/normaliser.ts';
export { ReinforceTrace, RunningBaseline, type ReinforceLossOptions } from './normalisers/reinforce.ts';
export { segmentMax, segmentMean, segmentSoftmax, segmentSum } from './normalisers/segments.ts';
export { sigmoid, unnormalised, type SigmoidOptions } from './normalisers/sigmoid.ts';
export { SinkSoftmax, softmax } from './normalisers/softmax.ts';
export { threshold, topK } from './normalisers/sparse-softmax.ts';
export { sparsemax } from './normalisers/sparsemax.ts';
export { LearnedPositions, type LearnedPositionsConfig } from './positions/learned.ts';
export {
  rotate,
  RotaryPositions,
  type RotaryConfig,
  type RotaryLayout,
  type RotaryTables,
} from './positions/rotary.ts';
export { rotaryFrequencies, type RotaryFrequencies, type RotaryScaling } from './positions/rotary-frequencies.ts';
export {
  encodePositions,
  sinusoidalPositions,
  sinusoidalPositions2d,
  type SinusoidOptions,
} from './positions/sinusoidal.ts';
export { Random, type RandomState } from './random/random.ts';
export { RandomStream, seedKey } from './random/random-stream.ts';
export { withWeightLimit, type WeightLimit } from './random/weight-limit.ts';
export { withoutInitialWeights } from './random/without-initial-weights.ts';
export { GruCell } from './recurrent/gru-cell.ts';
export { LstmCell } from './recurrent/lstm-cell.ts';
export type { RecurrentCell, RecurrentCellConfig } from './recurrent/recurrent-cell.ts';
export {
  BidirectionalLayer,
  RecurrentLayer,
  type RecurrentInputs,
  type RecurrentOutputs,
} from './recurrent/recurrent-layer.ts';
export { requireNoLfsPointer } from './safetensors/lfs-pointer.ts';
export type { FloatFormat, SafetensorsDtype } from './safetensors/dtypes.ts';
export { parseSafetensorsHeader, type SafetensorsEntry, type SafetensorsHeader } from './safetensors/header.ts';
export { readSafetensors, SafetensorsFile } from './safetensors/read-safetensors.ts';
export { writeSafetensors, type WriteSafetensorsOptions } from './safetensors/write-safetensors.ts';
export { AdditiveScore, type AdditiveScoreConfig } from './scores/additive.ts';
export { ConcatScore, type ConcatScoreConfig } from './scores/concat.ts';
export { cosine, type CosineOptions } from './scores/cosine.ts';
export { dot, scaledDot, type ScaledDotOptions } from './scores/dot.ts';
export { gaussianKernel, GaussianKernelScore, uniform } from './scores/gaussian-kernel.ts';
export { GeneralScore, type GeneralScoreConfig } from './scores/general.ts';
export { LocationScore, type LocationScoreConfig } from './scores/location.ts';
export { queryKeyNorm, type HeadNorm } from './scores/query-key-norm.ts';
export { RelativePositionScore, type RelativePositionScoreConfig } from './scores/relative-position.ts';
export type { ScaledProducts, Score } from './scores/score.ts';
export { scoreMod, type ScoreIndices } from './scores/score-mod.ts';
export { softcap } from './scores/softcap.ts';
export { temperature } from './scores/temperature.ts';
export { TransformerXlScore, type TransformerXlScoreConfig } from './scores/transformer-xl.ts';
export type { BlockConfig } from './structures/transformer-blocks/block-config.ts';
export {
  CrossAttentionBlock,
  type CrossAttentionBlockConfig,
  type CrossAttentionBlockInputs,
} from './structures/transformer-blocks/cross-attention-block.ts';
export {
  DecoderBlock,
  type DecoderBlockConfig,
  type DecoderBlockInputs,
} from './structures/transformer-blocks/decoder-block.ts';
export { EncoderBlock, type EncoderBlockInputs } from './structures/transformer-blocks/encoder-block.ts';
export { T5Decoder, type T5DecoderInputs } from './structures/transformer-blocks/t5-decoder.ts';
export { T5Encoder, type T5EncoderInputs, type T5StackConfig } from './structures/transformer-blocks/t5-encoder.ts';
export {
  AttentionPooling,
  type AttentionPoolingConfig,
  type AttentionPoolingInputs,
} from './structures/attention-pooling.ts';
export { AttentionReduction, type AttentionReductionConfig } from './structures/attention-reduction.ts';
export {
  ConvolutionalBlockAttention,
  type ConvolutionalBlockAttentionConfig,
} from './structures/convolutional-block-attention.ts';
export {
  GuidedAttention,
  type GuidedAttentionConfig,
  type GuidedAttentionInputs,
} from './structures/guided-attention.ts';
export {
  HierarchicalAttention,
  type HierarchicalAttentionConfig,
  type HierarchicalAttentionInputs,
  type PooledDocument,
} from './structures/hierarchical-attention.ts';
export { Perceiver, type PerceiverConfig } from './structures/perceiver.ts';
export {
  RecurrentAttentionDecoder,
  type RecurrentAttentionDecoderConfig,
  type RecurrentDecoderInputs,
  type RecurrentDecoderState,
  type RecurrentMemory,
} from './structures/recurrent-attention-decoder.ts';
export { SqueezeExcitation, type SqueezeExcitationConfig } from './structures/squeeze-excitation.ts';
export {
  ActivationUnit,
  TargetAttention,
  type ActivationUnitConfig,
  type TargetAttentionConfig,
} from './structures/target-attention.ts';
export {
  AlternatingCoAttention,
  type AlternatingCoAttentionConfig,
} from './structures/co-attention/alternating-co-attention.ts';
export { DenseCoAttention, type DenseCoAttentionConfig } from './structures/co-attention/dense-co-attention.ts';
export { PairwiseCoAttention } from './structures/co-attention/pairwise-co-attention.ts';
export { ParallelCoAttention, type CoAttentionConfig } from './structures/co-attention/parallel-co-attention.ts';
export type { TwoSequences, WordsAndRegions } from './structures/co-attention/two-sequences.ts';
export { GrowingCache } from './key-value-cache/growing-cache.ts';
export type { CachedKeysAndValues, CacheShape, KeyValueCache } from './key-value-cache/key-value-cache.ts';
export { SlidingCache, type SlidingCacheConfig } from './key-value-cache/sliding-cache.ts';
export { StaticCache, type StaticCacheConfig } from './key-value-cache/static-cache.ts';
