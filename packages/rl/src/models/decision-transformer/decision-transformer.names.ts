import { gpt2BlockRules, linearRules, parseConfig, sameRules, type NameMap } from '@heed/training';
import { z } from 'zod';
import type { DecisionTransformerConfig } from './decision-transformer.ts';

/** How Hugging Face's `DecisionTransformerModel` calls a `DecisionTransformer`'s weights. */
export const decisionTransformerNames: NameMap = {
  rules: [
    { ours: 'times.weight', theirs: 'embed_timestep.weight' },
    ...linearRules('returns', 'embed_return'),
    ...linearRules('states', 'embed_state'),
    ...linearRules('actions', 'embed_action'),
    ...sameRules('embeddingNorm', 'embed_ln'),
    { ours: 'positions', theirs: 'encoder.wpe.weight' },
    { ours: 'tokens', theirs: 'encoder.wte.weight' },
    ...gpt2BlockRules('layers.{n}', 'encoder.h.{n}'),
    ...sameRules('norm', 'encoder.ln_f'),
    ...linearRules('nextState', 'predict_state'),
    ...linearRules('nextAction', 'predict_action.0'),
    ...linearRules('nextReturn', 'predict_return'),
  ],
  ignored: [/\.attn\.(masked_)?bias$/], // the causal mask, which older files hold
};

/** What is read of a published `config.json`; other fields may be there. */
const schema = z.object({
  model_type: z.literal('decision_transformer'),
  state_dim: z.number(),
  act_dim: z.number(),
  hidden_size: z.number(),
  n_layer: z.number(),
  n_head: z.number(),
  n_inner: z.null().optional(),
  n_positions: z.number().default(1024),
  vocab_size: z.literal(1).default(1),
  max_ep_len: z.number(),
  action_tanh: z.boolean().default(true),
  activation_function: z.literal('relu').default('relu'),
  layer_norm_epsilon: z.literal(1e-5).default(1e-5),
  resid_pdrop: z.number().default(0.1),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
});

/**
 * The config of a published Decision Transformer. It has one rate of dropout: that of the residual branches.
 *
 * @param published the content of Hugging Face's `config.json`
 * @throws if it is no Decision Transformer, or one that computes otherwise, naming the field
 */
export function decisionTransformerConfigFrom(published: Readonly<Record<string, unknown>>): DecisionTransformerConfig {
  const theirs = parseConfig('decisionTransformerConfigFrom', schema, published);
  return {
    stateSize: theirs.state_dim,
    actionSize: theirs.act_dim,
    modelWidth: theirs.hidden_size,
    layers: theirs.n_layer,
    heads: theirs.n_head,
    maximumSteps: theirs.max_ep_len,
    dropout: theirs.resid_pdrop,
    tanhActions: theirs.action_tanh,
    positions: theirs.n_positions,
  };
}

/** The same as Hugging Face's `config.json` has it. */
export function publishedDecisionTransformerConfig(config: DecisionTransformerConfig): Record<string, unknown> {
  return {
    architectures: ['DecisionTransformerModel'],
    model_type: 'decision_transformer',
    state_dim: config.stateSize,
    act_dim: config.actionSize,
    hidden_size: config.modelWidth,
    n_layer: config.layers,
    n_head: config.heads,
    n_inner: null,
    n_positions: config.positions,
    vocab_size: 1,
    bos_token_id: null,
    eos_token_id: null,
    max_ep_len: config.maximumSteps,
    action_tanh: config.tanhActions,
    activation_function: 'relu',
    layer_norm_epsilon: 1e-5,
    resid_pdrop: config.dropout,
    embd_pdrop: config.dropout,
    attn_pdrop: config.dropout,
  };
}
