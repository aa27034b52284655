export {
  compile,
  compiles,
  installCompiler,
  type Compiled,
  type CompileOptions,
  type Compiler,
} from './compile/compile.ts';
export type { FileSource, Folder, NamedFile } from './folders/folder.ts';
export { describeFile, verifyFile, type FileDescription } from './checkpoints/manifest.ts';
export type { PartState, StatefulPart } from './checkpoints/stateful-part.ts';
export { openFolder, registerFolderOpener } from './folders/folder-opener.ts';
export { memoryFolder } from './folders/memory-folder.ts';
export { wholeFolder, writeWholeSet } from './folders/whole-set.ts';
export { batchStream } from './data/batch-stream.ts';
export { bucketBounds } from './data/bucket-bounds.ts';
export {
  dataLoader,
  type BatchRoom,
  type DataLoader,
  type DataLoaderOptions,
  type EpochBatches,
  type MakeBatch,
  type SyncEpochBatches,
} from './data/data-loader.ts';
export { fingerprint } from './data/fingerprint.ts';
export { lines, type LinesOptions } from './data/lines.ts';
export { planBatches, type BatchPlanOptions } from './data/plan-batches.ts';
export { prefetch } from './data/prefetch.ts';
export { serveBatches } from './data/serve-batches.ts';
export { shuffleStream, type ShuffleStreamOptions } from './data/shuffle-stream.ts';
export { workerBatches, type WorkerBatches, type WorkerBatchesOptions } from './data/worker-batches.ts';
export type { DatasetCard, DatasetFile, PackageFile } from './data/dataset-card.ts';
export type { FileReader } from './data/file-reader.ts';
export { DivergedError } from './loop/bad-tensor.ts';
export {
  batchTensors,
  type Batch,
  type Batches,
  type BatchTensors,
  type HostArray,
  type HostMatrix,
  type HostVector,
} from './loop/batch.ts';
export type {
  CheckpointEvent,
  CheckpointFailedEvent,
  EndEvent,
  EpochEvent,
  EvaluationEvent,
  RecordingEvent,
  StartEvent,
  StepEvent,
  TrainingEvent,
  TrainingHistory,
} from './loop/events.ts';
export type {
  CheckpointOptions,
  EvaluationOptions,
  LossContext,
  LossFunction,
  LossResult,
  MonitoredMetric,
  TrainOptions,
} from './loop/options.ts';
export { clipToNorm, globalNorm } from './loop/gradient-step.ts';
export { memoryReport, type MemoryReport } from './loop/memory-report.ts';
export { train } from './loop/train.ts';
export { applyLora, Lora, type LoraOptions } from './lora/lora.ts';
export { LoraLinear } from './lora/lora-linear.ts';
export { countedPositions, crossEntropy, type CrossEntropyOptions } from './losses/cross-entropy.ts';
export { labelLogProbabilities } from './losses/label-log-probabilities.ts';
export { Adam, type AdamOptions } from './optimizers/adam.ts';
export type { AdamMomentOptions } from './optimizers/adam-moments.ts';
export { AdamW, type AdamWOptions } from './optimizers/adamw.ts';
export { freeze, unfreeze, type NamePattern } from './optimizers/freeze.ts';
export { Optimizer, type FlatGroup, type ParameterGroup } from './optimizers/optimizer.ts';
export { Sgd, type SgdOptions } from './optimizers/sgd.ts';
export { WeightAverage, type WeightAverageOptions } from './optimizers/weight-average.ts';
export {
  fetchHub,
  openPretrained,
  registerHubLoader,
  type FetchHubOptions,
  type HubLoader,
  type HubOptions,
} from './pretrained/hub.ts';
export { retryWhileBusy } from './pretrained/retry-while-busy.ts';
export { gpt2BlockRules } from './pretrained/gpt2-block-names.ts';
export { linearRules, sameRules, type NameMap, type WeightRule } from './pretrained/name-map.ts';
export {
  loadPretrained,
  makeFor,
  publishedWeights,
  readConfig,
  savePretrained,
  withFloats,
  type LoadedPretrained,
  type LoadPretrainedOptions,
  type SavePretrainedOptions,
} from './pretrained/pretrained.ts';
export { t5BlockRules, t5StackRules, type T5StackKind } from './pretrained/t5-block-names.ts';
export { WeightFiles, writeWeightFiles, type WeightFilesOptions } from './weights/weight-files.ts';
export { constantSchedule } from './schedules/constant-schedule.ts';
export { cosineSchedule } from './schedules/cosine-schedule.ts';
export { linearSchedule } from './schedules/linear-schedule.ts';
export { noamSchedule } from './schedules/noam-schedule.ts';
export type { Schedule, ScheduleSteps } from './schedules/schedule.ts';
export { parseConfig, type ConfigSchema } from './configs/parse-config.ts';
