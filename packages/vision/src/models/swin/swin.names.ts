import type { Activation } from '@heed/attention-core';
import { linearRules, parseConfig, sameRules, type NameMap } from '@heed/training';
import { z } from 'zod';
import type { SwinConfig } from './swin.ts';

const OURS = 'stages.{n}.blocks.{m}';
const THEIRS = 'swin.encoder.layers.{n}.blocks.{m}';

/** How Hugging Face's `SwinForImageClassification` calls a `Swin`'s weights. */
export const swinNames: NameMap = {
  rules: [
    { ours: 'patches.weight', theirs: 'swin.embeddings.patch_embeddings.projection.weight', axes: [2, 3, 1, 0] },
    { ours: 'patches.bias', theirs: 'swin.embeddings.patch_embeddings.projection.bias' },
    ...sameRules('patchNorm', 'swin.embeddings.norm'),
    ...sameRules(`${OURS}.attentionNorm`, `${THEIRS}.layernorm_before`),
    ...linearRules(`${OURS}.attention.query`, `${THEIRS}.attention.self.query`),
    ...linearRules(`${OURS}.attention.key`, `${THEIRS}.attention.self.key`),
    ...linearRules(`${OURS}.attention.value`, `${THEIRS}.attention.self.value`),
    ...linearRules(`${OURS}.attention.output`, `${THEIRS}.attention.output.dense`),
    { ours: `${OURS}.positions.weight`, theirs: `${THEIRS}.attention.self.relative_position_bias_table` },
    ...sameRules(`${OURS}.feedForwardNorm`, `${THEIRS}.layernorm_after`),
    ...linearRules(`${OURS}.feedForward.hidden`, `${THEIRS}.intermediate.dense`),
    ...linearRules(`${OURS}.feedForward.output`, `${THEIRS}.output.dense`),
    ...sameRules('stages.{n}.merging.norm', 'swin.encoder.layers.{n}.downsample.norm'),
    ...linearRules('stages.{n}.merging.reduction', 'swin.encoder.layers.{n}.downsample.reduction'),
    ...sameRules('norm', 'swin.layernorm'),
    ...linearRules('head', 'classifier'),
  ],
  // a buffer that files hold, which follows from the window's size
  ignored: [/relative_position_index$/],
};

/** What is read of a published `config.json`; other fields may be there. */
const schema = z.object({
  model_type: z.literal('swin'),
  patch_size: z.number().default(4),
  num_channels: z.number().default(3),
  embed_dim: z.number(),
  depths: z.array(z.number()),
  num_heads: z.array(z.number()),
  window_size: z.number().default(7),
  mlp_ratio: z.number().default(4),
  qkv_bias: z.literal(true).default(true),
  hidden_dropout_prob: z.number().default(0),
  attention_probs_dropout_prob: z.number().default(0),
  drop_path_rate: z.number().default(0.1),
  hidden_act: z.enum(['gelu', 'gelu_new', 'relu', 'silu']).default('gelu'),
  use_absolute_embeddings: z.literal(false).default(false),
  layer_norm_eps: z.number().default(1e-5),
});

const activations: Readonly<Record<z.infer<typeof schema>['hidden_act'], Activation>> = {
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  relu: 'relu',
  silu: 'silu',
};

/**
 * The config of a published Swin.
 *
 * @param published the content of Hugging Face's `config.json`
 * @throws if it is no Swin, or one that computes otherwise: with absolute positions, without biases of queries
 */
export function swinConfigFrom(published: Readonly<Record<string, unknown>>, classes: number): SwinConfig {
  const theirs = parseConfig('swinConfigFrom', schema, published);
  return {
    channels: theirs.num_channels,
    patchSize: theirs.patch_size,
    modelWidth: theirs.embed_dim,
    blocks: theirs.depths,
    heads: theirs.num_heads,
    windowSize: theirs.window_size,
    feedForwardRatio: theirs.mlp_ratio,
    activation: activations[theirs.hidden_act],
    epsilon: theirs.layer_norm_eps,
    dropout: theirs.hidden_dropout_prob,
    attentionDropout: theirs.attention_probs_dropout_prob,
    stochasticDepth: theirs.drop_path_rate,
    classes,
  };
}

/** The same as Hugging Face's `config.json` has it. */
export function publishedSwinConfig(config: SwinConfig): Record<string, unknown> {
  return {
    architectures: ['SwinForImageClassification'],
    model_type: 'swin',
    patch_size: config.patchSize,
    num_channels: config.channels,
    embed_dim: config.modelWidth,
    depths: config.blocks,
    num_heads: config.heads,
    window_size: config.windowSize,
    mlp_ratio: config.feedForwardRatio,
    qkv_bias: true,
    hidden_dropout_prob: config.dropout,
    attention_probs_dropout_prob: config.attentionDropout,
    drop_path_rate: config.stochasticDepth,
    hidden_act: Object.entries(activations).find(([, activation]) => activation === config.activation)![0],
    use_absolute_embeddings: false,
    layer_norm_eps: config.epsilon,
  };
}
