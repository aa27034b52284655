export { formatFigure } from './charts/format-figure.ts';
export { CHART_STYLE, renderLineChart, type ChartSeries, type LineChart } from './charts/line-chart.ts';
export { beamContinuations } from './decoding/beam-continuations.ts';
export { beamSearch, type BeamSearchOptions } from './decoding/beam-search.ts';
export type { CausalModel } from './decoding/causal-model.ts';
export { constrained, type Constraints } from './decoding/constrained.ts';
export { generateTokens, type GeneratedToken, type GenerateTokensOptions } from './decoding/generate-tokens.ts';
export { greedySearch } from './decoding/greedy-search.ts';
export {
  chooseToken,
  logitsFilters,
  logProbabilityOf,
  type LogitsFilter,
  type SamplingOptions,
} from './decoding/logits-filters.ts';
export type { Run } from './compiled/run.ts';
export type { Rows } from './compiled/rows.ts';
export { type Hypothesis, type SearchOptions } from './decoding/search-options.ts';
export type {
  ForwardMode,
  SequenceModel,
  SourceBatch,
  SourceTensors,
  StepwiseModel,
  TeacherForcedBatch,
} from './decoding/sequence-model.ts';
export { WrittenSlots, type Slots } from './decoding/written-slots.ts';
export { bleu, type Bleu, type BleuOptions, type TranslatedText } from './metrics/bleu.ts';
export { chrf, type ChrfOptions } from './metrics/chrf.ts';
export { classificationReport, type ClassificationReport } from './metrics/classification-report.ts';
export { editDistance } from './metrics/edit-distance.ts';
export { mcnemar, type PairedComparison } from './metrics/mcnemar.ts';
export { countNgrams, matchNgrams } from './metrics/ngrams.ts';
export { perplexity } from './metrics/perplexity.ts';
export { areaUnderRoc, averagePrecision } from './metrics/ranking.ts';
export { rouge, type Rouge, type RougeScore } from './metrics/rouge.ts';
export { requireTexts } from './text/require-texts.ts';
export { textFingerprint } from './text/text-fingerprint.ts';
export {
  consecutiveWindows,
  IGNORED,
  textWindows,
  type NextTokenBatches,
  type TextWindowsOptions,
  type WindowBatch,
} from './text/text-windows.ts';
export {
  BERT_PUNCTUATION,
  HAN,
  lowerCase,
  lowerCaseEach,
  PYTHON_SPACE,
  PYTHON_WORD,
  splitSpaces,
  stripSpaces,
  WHITE_SPACE,
  withoutSpaces,
} from './text/unicode.ts';
export { Vocabulary } from './text/vocabulary.ts';
export { joinWords, splitWords } from './text/words.ts';
export { CharacterTokenizer } from './tokenization/character-tokenizer.ts';
export { openTokenizer, type PretrainedTokenizer } from './tokenization/pretrained-tokenizer.ts';
export type { TextCodec } from './tokenization/text-codec.ts';
export { TextStream } from './tokenization/text-stream.ts';
export { TextTokenizer } from './tokenization/text-tokenizer.ts';
export type { AddedTokenJson, BpeTokenizerJson, TokenizerJson } from './tokenization/tokenizer-json.ts';
export { trainBpe, type TrainBpeOptions } from './tokenization/train-bpe.ts';
export { trainWordPiece, type TrainWordPieceOptions } from './tokenization/train-word-piece.ts';
export { disposeOnFailure } from './task/dispose-on-failure.ts';
export type { Evaluation, FitHistory } from './task/fit-history.ts';
export { fitModel, type ModelFit, type TrainingPlan } from './task/fit-model.ts';
export type { FitOptions } from './task/fit-options.ts';
export { labelIndices } from './task/label-indices.ts';
export { addLowRank, type LowRankAdditions } from './task/low-rank-additions.ts';
export { paddedSize } from './compiled/padded-size.ts';
export type { Search, SearchBatchOptions } from './task/search-in-batches.ts';
export type { BatchOptions, OutputRow, Prediction } from './task/predict-in-batches.ts';
export { resolveRecipe, type Recipe } from './task/recipe.ts';
export { Task, type TaskClass, type TaskParts } from './task/task.ts';
export type { SavedFiles, TaskFiles } from './task/task-folder.ts';
export type { TaskKind } from './task/task-kind.ts';
