export { additionProblems, type AdditionOptions, type AdditionProblem } from './datasets/addition/addition.ts';
export { cmudict, parseCmudict, readCmudict, splitCmudict, type CmudictOptions } from './datasets/cmudict/cmudict.ts';
export {
  debianDescriptions,
  readDebianDescriptions,
  splitDescriptions,
  type DescriptionSplits,
  type PackageDescription,
} from './datasets/debian-descriptions/debian-descriptions.ts';
export {
  debianSections,
  parseSections,
  readDebianSections,
  sectionSplits,
  type SectionDescription,
  type SectionSplits,
} from './datasets/debian-sections/debian-sections.ts';
export {
  hutto,
  readHutto,
  splitMovieSentences,
  type HuttoPart,
  type RatedSentence,
  type SentimentSplits,
} from './datasets/hutto/hutto.ts';
export type { LabelledText } from './datasets/labelled-text.ts';
export { splitLexicon, type LexiconEntry, type LexiconSplits } from './datasets/lexicon.ts';

export { multi30k, readMulti30k, type Multi30kLanguage, type Multi30kSplits } from './datasets/multi30k/multi30k.ts';
export {
  readMail,
  readSpamAssassin,
  spamAssassin,
  splitMails,
  type Mail,
  type MailSplits,
} from './datasets/spam-assassin/spam-assassin.ts';
export {
  readStateOfTheUnion,
  splitStateOfTheUnion,
  stateOfTheUnion,
  type UnionAddress,
  type UnionAddressSplits,
} from './datasets/state-of-the-union/state-of-the-union.ts';
export type { AnsweredQuestion } from './datasets/answered-question.ts';
export { splitTagged, type TaggedSplits, type TaggedTokens } from './datasets/tagged-tokens.ts';
export { parseUsaddress, splitUsaddress, usaddress } from './datasets/usaddress/usaddress.ts';
export { bestPath, type AllowedTransition } from './decoding/best-path.ts';
export { sortingProblems, type SortingOptions, type SortingProblem } from './datasets/sorting/sorting.ts';
export {
  readTinyShakespeare,
  tinyShakespeare,
  type TinyShakespeareSplits,
} from './datasets/tiny-shakespeare/tiny-shakespeare.ts';
export type { SummaryPair } from './datasets/summary-pair.ts';
export type { TranslationPair } from './datasets/translation-pair.ts';
export { answerQuestions } from './decoding/answer-questions.ts';

export { LinearChainCrf, type ChainScores } from './layers/linear-chain-crf.ts';

export {
  entitiesOf,
  entityF1,
  type Entity,
  type EntityEvaluation,
  type EntityScores,
  type LabelledSentence,
} from './metrics/entity-f1.ts';

export { answerMatch, type AnswerMatch } from './metrics/answer-match.ts';

export { repetition, type Repetition } from './metrics/repetition.ts';

export {
  pronunciationErrors,
  pronunciationErrorsByLength,
  type PronouncedWord,
  type PronunciationErrors,
  type PronunciationErrorsByLength,
} from './metrics/pronunciation-errors.ts';
export {
  bertConfigFrom,
  bertNames,
  bertPreTrainingNames,
  bertQuestionAnsweringNames,
  publishedBertConfig,
} from './models/bert/bert.names.ts';
export {
  BertPreTraining,
  createBertPreTraining,
  type PreTrainingBatch,
  type PreTrainingOutput,
} from './models/bert/bert-pre-training.ts';
export {
  BertQuestionAnswering,
  createBertQuestionAnswering,
  type AnswerBatch,
  type AnswerOutput,
} from './models/bert/bert-question-answering.ts';
export { BertEncoder, type BertText } from './models/bert-encoder/bert-encoder.ts';
export type { BertPooling } from './models/bert-encoder/sentence-files.ts';
export { BertTagger, type LabelledTokenBatch } from './models/bert-tagger/bert-tagger.ts';
export { allMiniLmL6 } from './models/bert/bert.pretrained.ts';
export { Bert, createBert, type BertConfig, type BertOutput, type TokenBatch } from './models/bert/bert.ts';
export { gptConfigFrom, gptNames, publishedGptConfig } from './models/gpt/gpt.names.ts';
export { gptPresets, type GptPreset } from './models/gpt/gpt.presets.ts';
export { createGpt, Gpt, type GptConfig, type GptMode, type NextTokenBatch } from './models/gpt/gpt.ts';
export {
  BiLstmCrf,
  createBiLstmCrf,
  type BiLstmCrfConfig,
  type SentenceBatch,
} from './models/bilstm-crf/bilstm-crf.ts';
export { createHan, Han, type DocumentBatch, type HanConfig } from './models/han/han.ts';
export {
  createPointerGenerator,
  PointerGenerator,
  type PointerBatch,
  type PointerGeneratorConfig,
  type PointerLossOptions,
  type PointerMemory,
  type PointerState,
} from './models/pointer-generator/pointer-generator.ts';
export {
  recurrentSeq2SeqPresets,
  withoutAttention,
  type RecurrentSeq2SeqPreset,
} from './models/recurrent-seq2seq/recurrent-seq2seq.presets.ts';
export {
  createRecurrentSeq2Seq,
  RecurrentSeq2Seq,
  type RecurrentMemory,
  type RecurrentSeq2SeqConfig,
  type RecurrentState,
} from './models/recurrent-seq2seq/recurrent-seq2seq.ts';
export { publishedT5Config, t5ConfigFrom, t5Names, t5NamesOf } from './models/transformer/transformer.names.ts';
export {
  createTransformer,
  Transformer,
  type TransformerConfig,
  type TransformerMemory,
  type TransformerState,
} from './models/transformer/transformer.ts';
export { questionBatches, type Question, type QuestionBatchesOptions } from './preprocessing/question-batches.ts';
export {
  SegmentPairs,
  type SegmentPairBatch,
  type SegmentPairsOptions,
  type TokenizedDocument,
} from './preprocessing/segment-pairs.ts';
export {
  IGNORED,
  sequenceBatches,
  type IndexedPair,
  type PairBatch,
  type SequenceBatchesOptions,
} from './preprocessing/sequence-batches.ts';

export { addTypos, dropWords, type NoiseOptions } from './preprocessing/text-noise.ts';
export { splitDocument, type SplitDocumentOptions } from './preprocessing/split-document.ts';
export { renderDocument, type RenderDocumentOptions } from './rendering/render-document.ts';

export { BertPretrainer } from './tasks/bert-pretrainer/bert-pretrainer.ts';
export type {
  BertPretrainerConfig,
  BertPretrainerEvaluation,
  BertPretrainerFitOptions,
  FilledText,
  FillOptions,
} from './tasks/bert-pretrainer/bert-pretrainer-config.ts';
export { fitLanguageModel, type LanguageModelFit } from './tasks/fit-language-model.ts';
export { Pronouncer } from './tasks/pronouncer/pronouncer.ts';
export type {
  PronounceOptions,
  PronouncerConfig,
  PronouncerEvaluation,
  PronouncerFitOptions,
  Pronunciation,
} from './tasks/pronouncer/pronouncer-config.ts';
export { QuestionAnswerer } from './tasks/question-answerer/question-answerer.ts';
export type {
  Answer,
  AnswererEvaluation,
  AskedQuestion,
  AnswerOptions,
  FoundAnswer,
  PretrainedAnswererOptions,
  QuestionAnswererConfig,
  QuestionAnswererFitOptions,
} from './tasks/question-answerer/question-answerer-config.ts';
export { SentenceEncoder } from './tasks/sentence-encoder/sentence-encoder.ts';
export type {
  EncodedSentence,
  EncodeOptions,
  SentenceEncoderConfig,
} from './tasks/sentence-encoder/sentence-encoder-config.ts';
export { Summarizer } from './tasks/summarizer/summarizer.ts';
export type {
  SummarizeOptions,
  SummarizerConfig,
  SummarizerEvaluation,
  SummarizerFitOptions,
  Summary,
} from './tasks/summarizer/summarizer-config.ts';
export { TokenTagger } from './tasks/token-tagger/token-tagger.ts';
export type {
  BertTaggerConfig,
  BiLstmTaggerConfig,
  FoundEntity,
  PretrainedTaggerOptions,
  TaggedSentence,
  TagOptions,
  TokenTaggerConfig,
  TokenTaggerEvaluation,
  TokenTaggerFitOptions,
  TokenTaggerOptions,
} from './tasks/token-tagger/token-tagger-config.ts';
export { TextClassifier } from './tasks/text-classifier/text-classifier.ts';
export type {
  BagOfWordsClassifierConfig,
  BertClassifierConfig,
  HierarchicalClassifierConfig,
  PredictedLabel,
  PredictOptions,
  PretrainedClassifierOptions,
  TextClassifierConfig,
  TextClassifierEvaluation,
  TextClassifierFitOptions,
  TextClassifierOptions,
  Truncation,
} from './tasks/text-classifier/text-classifier-config.ts';
export { TextGenerator } from './tasks/text-generator/text-generator.ts';
export type {
  BpeGeneratorConfig,
  CharacterGeneratorConfig,
  GeneratedText,
  GenerateOptions,
  LanguageModelEvaluation,
  StreamOptions,
  TextGeneratorConfig,
  TextGeneratorFitOptions,
  TextGeneratorOptions,
} from './tasks/text-generator/text-generator-config.ts';
export { Translator } from './tasks/translator/translator.ts';
export type {
  RecurrentTranslatorConfig,
  SequenceTruncation,
  TransformerTranslatorConfig,
  TranslateOptions,
  Translation,
  TranslatorConfig,
  TranslatorEvaluation,
  TranslatorFitOptions,
  TranslatorOptions,
} from './tasks/translator/translator-config.ts';
