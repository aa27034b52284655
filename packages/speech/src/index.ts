export { addNoise, changeSpeed } from './sound/augment.ts';
export { readWav, type WavSound } from './sound/read-wav.ts';
export { resample, type ResampleOptions } from './sound/resample.ts';
export { slidingWindows, type SoundWindow } from './sound/sliding-windows.ts';
export type { Sound } from './sound/sound.ts';
export { writeWav, type WavCoding, type WriteWavOptions } from './sound/write-wav.ts';
export { logMel, melSpectrogram, mfcc, type MelOptions } from './features/log-mel.ts';
export { melFilters, type MelFilterOptions } from './features/mel-filters.ts';
export { specAugment, type SpecAugmentOptions } from './features/spec-augment.ts';
export { frameCount, spectrogram, type SpectrogramOptions } from './features/spectrogram.ts';
export { whisperFeatures } from './features/whisper-features.ts';
export {
  createKeywordTransformer,
  KeywordTransformer,
  type FramesBatch,
  type KeywordTransformerConfig,
} from './models/keyword-transformer/keyword-transformer.ts';
export {
  createWhisper,
  Whisper,
  type WhisperBatch,
  type WhisperConfig,
  type WhisperMemory,
  type WhisperState,
} from './models/whisper/whisper.ts';
export { publishedWhisperConfig, whisperConfigFrom, whisperNames } from './models/whisper/whisper.names.ts';
export { ctranslateFolder, isCtranslateFolder } from './models/whisper/ctranslate-folder.ts';
export {
  ctcAlign,
  ctcBeamSearch,
  ctcGreedy,
  type AlignedSymbol,
  type CtcBeamOptions,
  type CtcHypothesis,
  type CtcScores,
} from './decoding/ctc-decode.ts';
export { ctcFits, ctcLoss, type CtcInputs } from './losses/ctc-loss.ts';
export { tokenTimes, type TokenTimesOptions } from './decoding/token-times.ts';
export { characterErrorRate, wordErrorRate, type RecognisedText } from './metrics/word-error-rate.ts';
export { fsdd, readFsdd, type Fsdd, type SpokenDigit } from './datasets/fsdd/fsdd.ts';
export { KeywordSpotter } from './tasks/keyword-spotter/keyword-spotter.ts';
export type {
  HeardKeyword,
  KeywordExample,
  KeywordSpotterConfig,
  KeywordSpotterFitOptions,
  ListenOptions,
  SpotOptions,
  SpottedKeyword,
} from './tasks/keyword-spotter/keyword-spotter-config.ts';
export { SpeechRecognizer } from './tasks/speech-recognizer/speech-recognizer.ts';
export type {
  OpenRecognizerOptions,
  SpeechExample,
  SpeechRecognizerConfig,
  SpeechRecognizerFitOptions,
  SpeechSegment,
  SpokenWord,
  TranscribeOptions,
  Transcript,
} from './tasks/speech-recognizer/speech-recognizer-config.ts';
