import { memoryFolder, savePretrained, type Folder } from '@heed/training';
import { bertNames, publishedBertConfig } from '../models/bert/bert.names.ts';
import { createBert, type BertConfig } from '../models/bert/bert.ts';
import { tinyBertConfig } from '../models/bert/tiny-bert.test-support.ts';

/** Of the tokenizer, in the order of the indices. */
export const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'cat', 'dog', 'sat', '##s', 'the'];
export const tinyBert: BertConfig = {
  ...tinyBertConfig({ vocabularySize: VOCABULARY.length, maximumLength: 8 }),
  dropout: 0.1,
  attentionDropout: 0.1,
};

const special = (content: string) => ({
  id: VOCABULARY.indexOf(content),
  content,
  special: true,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
});
const part = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
const entry = (id: string) => [id, { id, ids: [VOCABULARY.indexOf(id)], tokens: [id] }] as const;
// as MiniLM's: it asks for padding and truncation, which are the reader's to do
export const wordPieceTokenizer = {
  version: '1.0',
  truncation: { max_length: 4, strategy: 'LongestFirst', stride: 0 },
  padding: { strategy: { Fixed: 4 }, direction: 'Right', pad_id: 0, pad_type_id: 0, pad_token: '[PAD]' },
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map(special),
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [part('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, part('[SEP]')],
    pair: [],
    special_tokens: Object.fromEntries([entry('[CLS]'), entry('[SEP]')]),
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(VOCABULARY.map((token, id) => [token, id])),
  },
};

/** A tiny published BERT with seeded weights, in Hugging Face's layout; `change` replaces files. */
export const publish = async (change: Record<string, unknown> = {}): Promise<Folder> => {
  const folder = memoryFolder('published');
  const model = createBert(tinyBert, 3);
  const files = {
    'tokenizer.json': JSON.stringify(wordPieceTokenizer),
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer' }),
    'sentence_bert_config.json': JSON.stringify({ max_seq_length: 6 }),
    '1_Pooling/config.json': JSON.stringify({ pooling_mode_cls_token: false, pooling_mode_mean_tokens: true }),
    ...Object.fromEntries(Object.entries(change).map(([name, content]) => [name, JSON.stringify(content)])),
  };
  const published = { ...publishedBertConfig(tinyBert), pad_token_id: 0 };
  await savePretrained(folder, { model, names: bertNames, config: published, files });
  model.dispose();
  return folder;
};
