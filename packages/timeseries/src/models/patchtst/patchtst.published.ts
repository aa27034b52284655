import { linearRules, parseConfig, sameRules, type NameMap } from '@heed/training';
import { z } from 'zod';
import type { PatchTstConfig } from './patchtst.ts';

const LAYER = 'model.encoder.layers.{n}';
const NORMS = [
  ['attentionNorm', 'norm_sublayer1'],
  ['feedForwardNorm', 'norm_sublayer3'],
] as const;

/** How the weights of Hugging Face's `PatchTSTForPrediction` are called, with batch or layer norms. */
export function patchTstNames({ norm }: Pick<PatchTstConfig, 'norm'>): NameMap {
  return {
    rules: [
      ...linearRules('embedding', 'model.encoder.embedder.input_embedding'),
      { ours: 'positions', theirs: 'model.encoder.positional_encoder.position_enc' },
      ...(['query', 'key', 'value'] as const).flatMap((part) =>
        linearRules(`layers.{n}.attention.${part}`, `${LAYER}.self_attn.${part[0]}_proj`),
      ),
      ...linearRules('layers.{n}.attention.output', `${LAYER}.self_attn.out_proj`),
      ...linearRules('layers.{n}.feedForward.hidden', `${LAYER}.ff.0`),
      ...linearRules('layers.{n}.feedForward.output', `${LAYER}.ff.3`),
      ...NORMS.flatMap(([ours, theirs]) => {
        const inside = norm === 'batch' ? `${LAYER}.${theirs}.batchnorm` : `${LAYER}.${theirs}`;
        return [
          ...sameRules(`layers.{n}.${ours}`, inside),
          { ours: `layers.{n}.${ours}.runningMean`, theirs: `${inside}.running_mean` },
          { ours: `layers.{n}.${ours}.runningVariance`, theirs: `${inside}.running_var` },
        ];
      }),
      ...linearRules('head', 'head.projection'),
    ],
    ignored: [/num_batches_tracked$/],
  };
}

const count = z.number().int().min(1);
/** Every field that would change the result is honoured, or refused by its one allowed value. */
const schema = z.object({
  model_type: z.literal('patchtst'),
  context_length: count.default(32),
  prediction_length: count.default(24),
  patch_length: count.default(1),
  patch_stride: count.default(1),
  num_hidden_layers: count.default(3),
  d_model: count.default(128),
  num_attention_heads: count.default(4),
  ffn_dim: count.default(512),
  norm_type: z.enum(['batchnorm', 'layernorm']).default('batchnorm'),
  norm_eps: z.literal(1e-5).default(1e-5),
  pre_norm: z.boolean().default(true),
  positional_encoding_type: z.enum(['random', 'sincos']).default('sincos'),
  pooling_type: z.enum(['mean']).nullable().default('mean'),
  ff_dropout: z.number().min(0).lt(1).default(0),
  activation_function: z.literal('gelu').default('gelu'),
  loss: z.literal('mse').default('mse'),
  scaling: z.literal(['std', true]).default('std'),
  bias: z.literal(true).default(true),
  share_embedding: z.literal(true).default(true),
  share_projection: z.literal(true).default(true),
  channel_attention: z.literal(false).default(false),
  use_cls_token: z.literal(false).default(false),
});

/** The config of a published `PatchTSTForPrediction`. @throws if a field is one that this model has not, naming it */
export function patchTstConfigOf(published: Readonly<Record<string, unknown>>): PatchTstConfig {
  const read = parseConfig('patchTstConfigOf', schema, published);
  return {
    lookBack: read.context_length,
    horizon: read.prediction_length,
    patchLength: read.patch_length,
    stride: read.patch_stride,
    padding: 'none',
    modelWidth: read.d_model,
    layers: read.num_hidden_layers,
    heads: read.num_attention_heads,
    hiddenWidth: read.ffn_dim,
    dropout: read.ff_dropout,
    norm: read.norm_type === 'batchnorm' ? 'batch' : 'layer',
    placement: read.pre_norm ? 'pre' : 'post',
    positions: read.positional_encoding_type === 'random' ? 'learned' : 'sinusoidal',
    pooling: read.pooling_type ?? 'flatten',
  };
}

/**
 * The other way: what `config.json` says for Hugging Face's `PatchTSTForPrediction`.
 *
 * @param channels number of series in a window
 * @throws if the config pads, which that model does not
 */
export function publishedPatchTstConfig(config: PatchTstConfig, channels: number): Record<string, unknown> {
  if (config.padding !== 'none') {
    throw new Error(`publishedPatchTstConfig: padding must be 'none', got '${config.padding}'`);
  }
  return {
    model_type: 'patchtst',
    architectures: ['PatchTSTForPrediction'],
    num_input_channels: channels,
    context_length: config.lookBack,
    prediction_length: config.horizon,
    patch_length: config.patchLength,
    patch_stride: config.stride,
    num_hidden_layers: config.layers,
    d_model: config.modelWidth,
    num_attention_heads: config.heads,
    ffn_dim: config.hiddenWidth,
    norm_type: config.norm === 'batch' ? 'batchnorm' : 'layernorm',
    pre_norm: config.placement === 'pre',
    positional_encoding_type: config.positions === 'learned' ? 'random' : 'sincos',
    pooling_type: config.pooling === 'mean' ? 'mean' : null,
    ff_dropout: config.dropout,
    path_dropout: config.dropout,
    positional_dropout: config.dropout,
    activation_function: 'gelu',
    loss: 'mse',
    scaling: 'std',
  };
}
