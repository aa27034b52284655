import { parseConfig, t5BlockRules, type NameMap } from '@heed/training';
import { z } from 'zod';
import type { TransformerConfig } from './transformer.ts';

/** How Hugging Face's `T5ForConditionalGeneration` calls the weights of a `Transformer` in T5's form; the one table stands for all three. */
export const t5Names: NameMap = {
  rules: [
    { ours: 'source.symbols.weight', theirs: 'shared.weight' },
    ...(['encoder', 'decoder'] as const).flatMap((stack) => [
      ...t5BlockRules(stack, `${stack}.{n}`, `${stack}.block.{n}`),
      {
        ours: `${stack}Bias.weight`,
        theirs: `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`,
      },
      { ours: `${stack}Norm.weight`, theirs: `${stack}.final_layer_norm.weight` },
    ]),
  ],
  // the table again, and a bias that the first models were published with but do not use
  ignored: [
    /^(encoder|decoder)\.embed_tokens\.weight$/,
    /^lm_head\.weight$/,
    /^decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight$/,
  ],
};

/** What is read of a published `config.json`; other fields may be there. */
const schema = z
  .object({
    model_type: z.literal('t5'),
    vocab_size: z.number(),
    d_model: z.number(),
    d_kv: z.number(),
    d_ff: z.number(),
    num_layers: z.number(),
    num_decoder_layers: z.number().nullish(),
    num_heads: z.number(),
    relative_attention_num_buckets: z.literal(32).default(32),
    relative_attention_max_distance: z.literal(128).default(128),
    feed_forward_proj: z.literal('relu').default('relu'),
    layer_norm_epsilon: z.literal(1e-6).default(1e-6),
    dropout_rate: z.number().default(0.1),
    tie_word_embeddings: z.literal(true).default(true),
  })
  .refine((theirs) => theirs.d_kv * theirs.num_heads === theirs.d_model, {
    path: ['d_kv'],
    message: 'must be d_model / num_heads',
  });

/**
 * The config of a published T5, one of the first kind (`t5-small` … `t5-large`).
 *
 * @param published the content of Hugging Face's `config.json`
 * @throws if it is no T5, or one that computes otherwise: with gated feed-forward parts and a head of its own (T5 1.1), with other buckets or
 *   heads of another width
 */
export function t5ConfigFrom(published: Readonly<Record<string, unknown>>): TransformerConfig {
  const theirs = parseConfig('t5ConfigFrom', schema, published);
  return {
    sourceSize: theirs.vocab_size,
    targetSize: theirs.vocab_size,
    modelWidth: theirs.d_model,
    heads: theirs.num_heads,
    encoderLayers: theirs.num_layers,
    decoderLayers: theirs.num_decoder_layers ?? theirs.num_layers,
    feedForwardWidth: theirs.d_ff,
    arithmetic: 't5',
    activation: 'relu',
    placement: 'pre',
    positions: 't5',
    maximumLength: 512, // of no consequence with relative positions
    embeddings: 'shared',
    dropout: theirs.dropout_rate,
  };
}

/**
 * The same as Hugging Face's `config.json` has it.
 *
 * @throws unless the config is in T5's form: its arithmetic, positions and shared embeddings, ReLU, normalisation before each part
 */
export function publishedT5Config(config: TransformerConfig): Record<string, unknown> {
  const form = {
    arithmetic: 't5',
    activation: 'relu',
    placement: 'pre',
    positions: 't5',
    embeddings: 'shared',
  } as const;
  for (const [field, value] of Object.entries(form)) {
    const got = config[field as keyof typeof form];
    if (got !== value) throw new Error(`publishedT5Config: ${field} must be '${value}', got '${got}'`);
  }
  return {
    architectures: ['T5ForConditionalGeneration'],
    model_type: 't5',
    vocab_size: config.sourceSize,
    d_model: config.modelWidth,
    d_kv: config.modelWidth / config.heads,
    d_ff: config.feedForwardWidth,
    num_layers: config.encoderLayers,
    num_decoder_layers: config.decoderLayers,
    num_heads: config.heads,
    relative_attention_num_buckets: 32,
    relative_attention_max_distance: 128,
    feed_forward_proj: 'relu',
    layer_norm_epsilon: 1e-6,
    dropout_rate: config.dropout,
    is_encoder_decoder: true,
    decoder_start_token_id: 0,
    pad_token_id: 0,
    eos_token_id: 1,
    tie_word_embeddings: true,
  };
}
