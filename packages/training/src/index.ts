export { compile, installCompiler, type Compiled, type CompileOptions, type Compiler } from './compile/compile.ts';
export type { Folder } from './checkpoints/folder.ts';
export { openFolder, registerFolderOpener } from './checkpoints/folder-opener.ts';
export type { DatasetCard, DatasetFile, PackageFile } from './data/dataset-card.ts';
export type {
  CheckpointEvent,
  EndEvent,
  EpochEvent,
  EvaluationEvent,
  RecordingEvent,
  StartEvent,
  StepEvent,
  TrainingEvent,
} from './loop/events.ts';
