import type { Activation } from '@heed/attention-core';
import { linearRules, parseConfig, sameRules, type NameMap, type WeightRule } from '@heed/training';
import { z } from 'zod';
import type { BertConfig } from './bert.ts';

const LAYER = 'encoder.layer.{n}';

/** How Hugging Face's `BertModel` calls a `Bert`'s weights. */
export const bertNames: NameMap = {
  rules: [
    { ours: 'embeddings.token.weight', theirs: 'embeddings.word_embeddings.weight' },
    { ours: 'embeddings.position.weight', theirs: 'embeddings.position_embeddings.weight' },
    { ours: 'embeddings.tokenType.weight', theirs: 'embeddings.token_type_embeddings.weight' },
    ...sameRules('embeddings.norm', 'embeddings.LayerNorm'),
    ...linearRules('layers.{n}.attention.query', `${LAYER}.attention.self.query`),
    ...linearRules('layers.{n}.attention.key', `${LAYER}.attention.self.key`),
    ...linearRules('layers.{n}.attention.value', `${LAYER}.attention.self.value`),
    ...linearRules('layers.{n}.attention.output', `${LAYER}.attention.output.dense`),
    ...sameRules('layers.{n}.attentionNorm', `${LAYER}.attention.output.LayerNorm`),
    ...linearRules('layers.{n}.feedForward.hidden', `${LAYER}.intermediate.dense`),
    ...linearRules('layers.{n}.feedForward.output', `${LAYER}.output.dense`),
    ...sameRules('layers.{n}.feedForwardNorm', `${LAYER}.output.LayerNorm`),
    ...linearRules('pooler', 'pooler.dense'),
  ],
  prefixes: ['bert.'],
  // a buffer that older files hold, and the heads of pre-training
  ignored: [/^embeddings\.position_ids$/, /^cls\./],
  aliases: [
    [/LayerNorm\.gamma$/, 'LayerNorm.weight'],
    [/LayerNorm\.beta$/, 'LayerNorm.bias'],
  ],
};

/** The rules of a model in which the BERT is a part. @param ours where it is, e.g. `encoder.bert` @param theirs where it is there, with its dot */
function bertRulesUnder(ours: string, theirs = 'bert.'): WeightRule[] {
  return bertNames.rules.map((rule) => ({
    ...rule,
    ours: [rule.ours].flat().map((name) => `${ours}.${name}`),
    theirs: `${theirs}${rule.theirs}`,
  }));
}

/** How Hugging Face's `BertModel` calls the weights of a `BertEncoder`. */
export const bertEncoderNames: NameMap = { ...bertNames, rules: bertRulesUnder('bert', '') };

/** A published body whose own head, if it has one, is left out. */
export const bertBodyNames: NameMap = {
  ...bertNames,
  ignored: [...bertNames.ignored!, /^(?:classifier|qa_outputs)\./],
};

const withHead = {
  ...bertNames,
  prefixes: [],
  ignored: [/^bert\.embeddings\.position_ids$/, /^cls\./],
};

/** How Hugging Face's `BertForSequenceClassification` calls the weights of a `DocumentClassifier` on a `BertEncoder`. */
export const bertClassifierNames: NameMap = {
  ...withHead,
  rules: [...bertRulesUnder('encoder.bert'), ...linearRules('head', 'classifier')],
};

/** How Hugging Face's `BertForTokenClassification` calls a `BertTagger`'s weights; it has no pooler. */
export const bertTaggerNames: NameMap = {
  ...withHead,
  unused: [/^bert\.pooler\./],
  rules: [...bertRulesUnder('bert'), ...linearRules('head', 'classifier')],
};

/** How Hugging Face's `BertForPreTraining` calls a `BertPreTraining`'s weights. */
export const bertPreTrainingNames: NameMap = {
  ...bertNames,
  rules: [
    ...bertRulesUnder('bert'),
    ...linearRules('transform', 'cls.predictions.transform.dense'),
    ...sameRules('norm', 'cls.predictions.transform.LayerNorm'),
    { ours: 'bias', theirs: 'cls.predictions.bias' },
    ...linearRules('decoder', 'cls.predictions.decoder'),
    ...linearRules('nextSentence', 'cls.seq_relationship'),
  ],
  prefixes: [],
  // a last matrix that is that of the token embeddings, which some files hold again
  ignored: [/^bert\.embeddings\.position_ids$/, /^cls\.predictions\.decoder\./],
};

/** How Hugging Face's `BertLMHeadModel` calls a causal `BertPreTraining`'s weights: nothing is learned of the next sentence. */
export const bertCausalNames: NameMap = { ...bertPreTrainingNames, unused: [/^bert\.pooler\./, /^nextSentence\./] };

/** How Hugging Face's `BertForQuestionAnswering` calls a `BertQuestionAnswering`'s weights; it has no pooler. */
export const bertQuestionAnsweringNames: NameMap = {
  ...withHead,
  unused: [/^bert\.pooler\./],
  rules: [...bertRulesUnder('bert'), ...linearRules('head', 'qa_outputs')],
};

/** What is read of a published `config.json`; other fields may be there. */
const schema = z.object({
  model_type: z.literal('bert'),
  vocab_size: z.number(),
  max_position_embeddings: z.number(),
  type_vocab_size: z.number(),
  hidden_size: z.number(),
  num_hidden_layers: z.number(),
  num_attention_heads: z.number(),
  intermediate_size: z.number(),
  hidden_act: z.enum(['gelu', 'gelu_new', 'relu', 'silu']),
  layer_norm_eps: z.number().default(1e-12),
  hidden_dropout_prob: z.number().default(0.1),
  attention_probs_dropout_prob: z.number().default(0.1),
  position_embedding_type: z.literal('absolute').default('absolute'),
  is_decoder: z.boolean().default(false),
  add_cross_attention: z.literal(false).default(false),
  tie_word_embeddings: z.boolean().default(true),
});

const activations: Readonly<Record<z.infer<typeof schema>['hidden_act'], Activation>> = {
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  relu: 'relu',
  silu: 'silu',
};

/**
 * The config of a published BERT.
 *
 * @param published the content of Hugging Face's `config.json`
 * @throws if it is no BERT, or one that reads otherwise: with relative positions, or another text beside its own
 */
export function bertConfigFrom(published: Readonly<Record<string, unknown>>): BertConfig {
  const theirs = parseConfig('bertConfigFrom', schema, published);
  return {
    vocabularySize: theirs.vocab_size,
    maximumLength: theirs.max_position_embeddings,
    tokenTypes: theirs.type_vocab_size,
    modelWidth: theirs.hidden_size,
    layers: theirs.num_hidden_layers,
    heads: theirs.num_attention_heads,
    feedForwardWidth: theirs.intermediate_size,
    activation: activations[theirs.hidden_act],
    epsilon: theirs.layer_norm_eps,
    dropout: theirs.hidden_dropout_prob,
    attentionDropout: theirs.attention_probs_dropout_prob,
    causal: theirs.is_decoder,
    ...(!theirs.tie_word_embeddings && { untiedHead: true }),
  };
}

/** The same as Hugging Face's `config.json` has it. */
export function publishedBertConfig(config: BertConfig): Record<string, unknown> {
  return {
    architectures: ['BertModel'],
    model_type: 'bert',
    vocab_size: config.vocabularySize,
    max_position_embeddings: config.maximumLength,
    type_vocab_size: config.tokenTypes,
    hidden_size: config.modelWidth,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.feedForwardWidth,
    hidden_act: Object.entries(activations).find(([, activation]) => activation === config.activation)![0],
    layer_norm_eps: config.epsilon,
    hidden_dropout_prob: config.dropout,
    attention_probs_dropout_prob: config.attentionDropout,
    position_embedding_type: 'absolute',
    is_decoder: config.causal ?? false,
    tie_word_embeddings: config.untiedHead !== true,
  };
}
