import { gpt2BlockRules, parseConfig, sameRules, type NameMap } from '@heed/training';
import { z } from 'zod';
import type { GptConfig } from './gpt.ts';

/**
 * How Hugging Face's `GPT2LMHeadModel` calls a `Gpt`'s weights. A tied head is the token table again, which files hold once.
 */
export const gptNames: NameMap = {
  rules: [
    { ours: 'tokens.weight', theirs: 'transformer.wte.weight' },
    { ours: 'positions.weight', theirs: 'transformer.wpe.weight' },
    ...gpt2BlockRules('layers.{n}', 'transformer.h.{n}'),
    ...sameRules('norm', 'transformer.ln_f'),
    { ours: 'head.weight', theirs: 'lm_head.weight', axes: [1, 0] },
  ],
  // the causal mask, which older files hold as a buffer, and a head that is tied
  ignored: [/\.attn\.(masked_)?bias$/, /^lm_head\.weight$/],
  // the files published first are those of the model without its head
  aliases: [[/^(wte|wpe|h|ln_f)\./, 'transformer.$1.']],
};

/** What is read of a published `config.json`; other fields may be there. */
const schema = z.object({
  model_type: z.literal('gpt2'),
  vocab_size: z.number(),
  n_positions: z.number(),
  n_embd: z.number(),
  n_layer: z.number(),
  n_head: z.number(),
  n_inner: z.number().nullish(),
  activation_function: z.enum(['gelu_new', 'gelu_pytorch_tanh']).default('gelu_new'),
  layer_norm_epsilon: z.number().default(1e-5),
  resid_pdrop: z.number().default(0.1),
  embd_pdrop: z.number().default(0.1),
  attn_pdrop: z.number().default(0.1),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
  tie_word_embeddings: z.boolean().default(true),
});

/**
 * The config of a published GPT-2. It has one rate of dropout for embeddings and residual branches: the latter's.
 *
 * @param published the content of Hugging Face's `config.json`
 * @throws if it is no GPT-2, or one that computes otherwise: scaled by layer, with cross-attention
 */
export function gptConfigFrom(published: Readonly<Record<string, unknown>>): GptConfig {
  const theirs = parseConfig('gptConfigFrom', schema, published);
  return {
    vocabularySize: theirs.vocab_size,
    maximumLength: theirs.n_positions,
    modelWidth: theirs.n_embd,
    layers: theirs.n_layer,
    heads: theirs.n_head,
    feedForwardWidth: theirs.n_inner ?? 4 * theirs.n_embd,
    epsilon: theirs.layer_norm_epsilon,
    dropout: theirs.resid_pdrop,
    attentionDropout: theirs.attn_pdrop,
    ...(!theirs.tie_word_embeddings && { untiedHead: true }),
  };
}

/** The same as Hugging Face's `config.json` has it. */
export function publishedGptConfig(config: GptConfig): Record<string, unknown> {
  return {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: config.vocabularySize,
    n_positions: config.maximumLength,
    n_ctx: config.maximumLength,
    n_embd: config.modelWidth,
    n_layer: config.layers,
    n_head: config.heads,
    n_inner: config.feedForwardWidth,
    activation_function: 'gelu_new',
    layer_norm_epsilon: config.epsilon,
    resid_pdrop: config.dropout,
    embd_pdrop: config.dropout,
    attn_pdrop: config.attentionDropout,
    tie_word_embeddings: config.untiedHead !== true,
  };
}
