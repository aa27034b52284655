import { linearRules, parseConfig, t5BlockRules, type NameMap } from '@heed/training';
import { z } from 'zod';
import type { TransformerConfig } from './transformer.ts';

/**
 * How Hugging Face's `T5ForConditionalGeneration` calls the weights of a `Transformer` in T5's form: one table stands for source and target, and,
 * where the config says so, for the output layer.
 *
 * @param config its config: with gated feed-forward parts there is one more layer
 */
export function t5NamesOf({ gated = false }: Pick<TransformerConfig, 'gated'>): NameMap {
  return {
    rules: [
      { ours: 'source.symbols.weight', theirs: 'shared.weight' },
      ...(['encoder', 'decoder'] as const).flatMap((stack) => [
        ...t5BlockRules(stack, `${stack}.{n}`, `${stack}.block.{n}`, { gated }),
        {
          ours: `${stack}Bias.weight`,
          theirs: `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`,
        },
        { ours: `${stack}Norm.weight`, theirs: `${stack}.final_layer_norm.weight` },
      ]),
      ...linearRules('output', 'lm_head'),
    ],
    // the table again, and a bias that the first models were published with but do not use
    ignored: [
      /^(encoder|decoder)\.embed_tokens\.weight$/,
      /^lm_head\.weight$/,
      /^decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight$/,
    ],
  };
}

/** The names of a T5 whose feed-forward parts are not gated (`t5-small` … `t5-11b`). */
export const t5Names: NameMap = t5NamesOf({});

const ACTIVATIONS = { relu: 'relu', gelu: 'gelu', gelu_new: 'gelu-tanh', silu: 'silu' } as const;
const activationNames = Object.keys(ACTIVATIONS) as (keyof typeof ACTIVATIONS)[];
const feedForwards = activationNames.flatMap((name) => [name, `gated-${name}`] as const);

/** What is read of a published `config.json`; other fields may be there. */
const schema = z.object({
  model_type: z.literal('t5'),
  vocab_size: z.number(),
  d_model: z.number(),
  d_kv: z.number(),
  d_ff: z.number(),
  num_layers: z.number(),
  num_decoder_layers: z.number().nullish(),
  num_heads: z.number(),
  relative_attention_num_buckets: z.number().default(32),
  relative_attention_max_distance: z.number().default(128),
  feed_forward_proj: z.enum(feedForwards).default('relu'),
  // what follows is of the one before, unless a file says otherwise
  dense_act_fn: z.enum(activationNames).optional(),
  is_gated_act: z.boolean().optional(),
  layer_norm_epsilon: z.number().default(1e-6),
  dropout_rate: z.number().default(0.1),
  tie_word_embeddings: z.boolean().default(true),
  scale_decoder_outputs: z.boolean().optional(),
});

/**
 * The config of a published T5: of the first kind (`t5-small` …), of T5 1.1 or Flan-T5.
 *
 * `scale_decoder_outputs` says whether logits are scaled; where it is absent they are, unless `tie_word_embeddings` is false. What is not scaled has
 * an output layer of its own, `lm_head`: transformers 5 save `tie_word_embeddings: true` with it.
 *
 * @param published the content of Hugging Face's `config.json`
 * @throws if it is no T5, or one with an activation that is not known here
 */
export function t5ConfigFrom(published: Readonly<Record<string, unknown>>): TransformerConfig {
  const theirs = parseConfig('t5ConfigFrom', schema, published);
  const parts = theirs.feed_forward_proj.split('-');
  // 'gated-gelu' has always meant the approximated one
  const named = theirs.feed_forward_proj === 'gated-gelu' ? 'gelu_new' : parts.at(-1)!;
  const activation = ACTIVATIONS[theirs.dense_act_fn ?? (named as keyof typeof ACTIVATIONS)];
  const { scale_decoder_outputs: scaledOutput = theirs.tie_word_embeddings } = theirs;
  const tied = theirs.tie_word_embeddings && scaledOutput;
  return {
    sourceSize: theirs.vocab_size,
    targetSize: theirs.vocab_size,
    modelWidth: theirs.d_model,
    heads: theirs.num_heads,
    headWidth: theirs.d_kv,
    encoderLayers: theirs.num_layers,
    decoderLayers: theirs.num_decoder_layers ?? theirs.num_layers,
    feedForwardWidth: theirs.d_ff,
    arithmetic: 't5',
    activation,
    gated: theirs.is_gated_act ?? parts[0] === 'gated',
    placement: 'pre',
    positions: 't5',
    buckets: theirs.relative_attention_num_buckets,
    maximumDistance: theirs.relative_attention_max_distance,
    maximumLength: 512, // of no consequence with relative positions
    embeddings: tied ? 'shared' : 'shared-inputs',
    scaledOutput,
    epsilon: theirs.layer_norm_epsilon,
    dropout: theirs.dropout_rate,
  };
}

/**
 * The same as Hugging Face's `config.json` has it.
 *
 * @throws unless the config is in T5's form: its arithmetic, positions and shared embeddings, normalisation before each part
 */
export function publishedT5Config(config: TransformerConfig): Record<string, unknown> {
  const form = { arithmetic: 't5', placement: 'pre', positions: 't5' } as const;
  for (const [field, value] of Object.entries(form)) {
    const got = config[field as keyof typeof form];
    if (got !== value) throw new Error(`publishedT5Config: ${field} must be '${value}', got '${got}'`);
  }
  const { embeddings, gated = false } = config;
  if (!embeddings.startsWith('shared')) {
    throw new Error(`publishedT5Config: embeddings must be 'shared' or 'shared-inputs', got '${embeddings}'`);
  }
  const tied = embeddings === 'shared';
  const { scaledOutput = tied } = config;
  if (tied && !scaledOutput) {
    throw new Error("publishedT5Config: scaledOutput must be true with embeddings 'shared', got false");
  }
  const activation = activationNames.find((name) => ACTIVATIONS[name] === config.activation)!;
  return {
    architectures: ['T5ForConditionalGeneration'],
    model_type: 't5',
    vocab_size: config.sourceSize,
    d_model: config.modelWidth,
    d_kv: config.headWidth ?? config.modelWidth / config.heads,
    d_ff: config.feedForwardWidth,
    num_layers: config.encoderLayers,
    num_decoder_layers: config.decoderLayers,
    num_heads: config.heads,
    relative_attention_num_buckets: config.buckets ?? 32,
    relative_attention_max_distance: config.maximumDistance ?? 128,
    feed_forward_proj: gated ? `gated-${activation === 'gelu_new' ? 'gelu' : activation}` : activation,
    dense_act_fn: activation,
    is_gated_act: gated,
    layer_norm_epsilon: config.epsilon ?? 1e-6,
    dropout_rate: config.dropout,
    is_encoder_decoder: true,
    decoder_start_token_id: 0,
    pad_token_id: 0,
    eos_token_id: 1,
    tie_word_embeddings: tied,
    scale_decoder_outputs: scaledOutput,
  };
}
