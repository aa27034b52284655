import { linearRules, parseConfig, t5StackRules, type NameMap } from '@heed/training';
import { z } from 'zod';
import type { ChronosBoltConfig } from './chronos-bolt.ts';

const BLOCKS = [
  ['input', 'input_patch_embedding'],
  ['output', 'output_patch_embedding'],
] as const;

/** How the weights of published Chronos-Bolt models are called. */
export function chronosBoltNames({ gated }: Pick<ChronosBoltConfig, 'gated'>): NameMap {
  return {
    rules: [
      { ours: 'tokens.weight', theirs: 'shared.weight' },
      ...BLOCKS.flatMap(([ours, theirs]) =>
        (['hidden', 'output', 'residual'] as const).flatMap((layer) =>
          linearRules(`${ours}.${layer}`, `${theirs}.${layer}_layer`),
        ),
      ),
      ...t5StackRules('encoder', 'encoder', { gated }),
      ...t5StackRules('decoder', 'decoder', { gated }),
    ],
    ignored: [/^(encoder|decoder)\.embed_tokens\.weight$/, /^lm_head\.weight$/], // the table again
  };
}

const count = z.number().int().min(1);
const schema = z
  .object({
    d_model: count.default(512),
    d_kv: count.default(64),
    d_ff: count.default(2048),
    num_layers: count.default(6),
    num_decoder_layers: count.optional(),
    num_heads: count.default(8),
    feed_forward_proj: z.enum(['relu', 'gated-gelu', 'gated-silu']).default('relu'),
    relative_attention_num_buckets: count.default(32),
    relative_attention_max_distance: count.default(128),
    layer_norm_epsilon: z.number().positive().default(1e-6),
    dropout_rate: z.number().min(0).lt(1).default(0.1),
    decoder_start_token_id: z.literal(0).default(0),
    reg_token_id: z.literal(1).optional(),
    chronos_config: z.object({
      context_length: count,
      prediction_length: count,
      input_patch_size: count,
      input_patch_stride: count,
      quantiles: z.array(z.number()).min(1),
      use_reg_token: z.boolean().default(false),
    }),
  })
  .refine(({ chronos_config: { input_patch_size: size, input_patch_stride: stride } }) => size === stride, {
    path: ['chronos_config', 'input_patch_stride'],
    message: 'must be input_patch_size: patches do not overlap',
  });
const ACTIVATIONS = { relu: 'relu', 'gated-gelu': 'gelu-tanh', 'gated-silu': 'silu' } as const;

/** The config of a published Chronos-Bolt. @throws if a field is one that this model has not, naming it */
export function chronosBoltConfigOf(published: Readonly<Record<string, unknown>>): ChronosBoltConfig {
  const read = parseConfig('chronosBoltConfigOf', schema, published);
  const { chronos_config: chronos, feed_forward_proj: projection } = read;
  return {
    lookBack: chronos.context_length,
    horizon: chronos.prediction_length,
    patchLength: chronos.input_patch_size,
    quantiles: chronos.quantiles,
    registerToken: chronos.use_reg_token,
    modelWidth: read.d_model,
    layers: read.num_layers,
    decoderLayers: read.num_decoder_layers ?? read.num_layers,
    heads: read.num_heads,
    headWidth: read.d_kv,
    hiddenWidth: read.d_ff,
    activation: ACTIVATIONS[projection],
    gated: projection !== 'relu',
    buckets: read.relative_attention_num_buckets,
    maxDistance: read.relative_attention_max_distance,
    epsilon: read.layer_norm_epsilon,
    dropout: read.dropout_rate,
  };
}
