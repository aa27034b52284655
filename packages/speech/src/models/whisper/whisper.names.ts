import { linearRules, parseConfig, sameRules, type NameMap, type WeightRule } from '@heed/training';
import { z } from 'zod';
import type { WhisperConfig } from './whisper.ts';

/** How Hugging Face's `WhisperForConditionalGeneration` calls a `Whisper`'s weights. The head is the token table again, which files hold once. */
export const whisperNames: NameMap = {
  rules: [
    ...convolution('encoder.conv1', 'model.encoder.conv1'),
    ...convolution('encoder.conv2', 'model.encoder.conv2'),
    { ours: 'encoder.positions', theirs: 'model.encoder.embed_positions.weight' },
    { ours: 'decoder.tokens.weight', theirs: 'model.decoder.embed_tokens.weight' },
    { ours: 'decoder.positions.weight', theirs: 'model.decoder.embed_positions.weight' },
    ...attention('encoder.layers.{n}.attention', 'model.encoder.layers.{n}.self_attn'),
    ...sameRules('encoder.layers.{n}.attentionNorm', 'model.encoder.layers.{n}.self_attn_layer_norm'),
    ...attention('decoder.layers.{n}.selfAttention', 'model.decoder.layers.{n}.self_attn'),
    ...sameRules('decoder.layers.{n}.selfAttentionNorm', 'model.decoder.layers.{n}.self_attn_layer_norm'),
    ...attention('decoder.layers.{n}.crossAttention', 'model.decoder.layers.{n}.encoder_attn'),
    ...sameRules('decoder.layers.{n}.crossAttentionNorm', 'model.decoder.layers.{n}.encoder_attn_layer_norm'),
    ...['encoder', 'decoder'].flatMap((stack) => [
      ...linearRules(`${stack}.layers.{n}.feedForward.hidden`, `model.${stack}.layers.{n}.fc1`),
      ...linearRules(`${stack}.layers.{n}.feedForward.output`, `model.${stack}.layers.{n}.fc2`),
      ...sameRules(`${stack}.layers.{n}.feedForwardNorm`, `model.${stack}.layers.{n}.final_layer_norm`),
      ...sameRules(`${stack}.norm`, `model.${stack}.layer_norm`),
    ]),
  ],
  ignored: [/^proj_out\.weight$/],
};

function convolution(ours: string, theirs: string): WeightRule[] {
  return [
    { ours: `${ours}.weight`, theirs: `${theirs}.weight`, axes: [2, 1, 0] },
    { ours: `${ours}.bias`, theirs: `${theirs}.bias` },
  ];
}

function attention(ours: string, theirs: string): WeightRule[] {
  return [
    ...linearRules(`${ours}.query`, `${theirs}.q_proj`),
    ...linearRules(`${ours}.key`, `${theirs}.k_proj`),
    ...linearRules(`${ours}.value`, `${theirs}.v_proj`),
    ...linearRules(`${ours}.output`, `${theirs}.out_proj`),
  ];
}

/** What is read of a published `config.json`; other fields may be there. */
const schema = z
  .object({
    model_type: z.literal('whisper'),
    vocab_size: z.number(),
    num_mel_bins: z.number(),
    d_model: z.number(),
    encoder_layers: z.number(),
    encoder_attention_heads: z.number(),
    encoder_ffn_dim: z.number(),
    decoder_layers: z.number(),
    decoder_attention_heads: z.number(),
    decoder_ffn_dim: z.number(),
    max_source_positions: z.number(),
    max_target_positions: z.number(),
    dropout: z.number().default(0),
    activation_function: z.literal('gelu').default('gelu'),
    scale_embedding: z.literal(false).default(false),
    tie_word_embeddings: z.literal(true).default(true),
  })
  .refine((theirs) => theirs.encoder_ffn_dim === theirs.decoder_ffn_dim, {
    path: ['decoder_ffn_dim'],
    message: 'must be encoder_ffn_dim',
  });

/**
 * The config of a published Whisper.
 *
 * @param published the content of Hugging Face's `config.json`
 * @throws if it is no Whisper, or one that computes otherwise: another activation, scaled embeddings, a head of its own
 */
export function whisperConfigFrom(published: Readonly<Record<string, unknown>>): WhisperConfig {
  const theirs = parseConfig('whisperConfigFrom', schema, published);
  return {
    mels: theirs.num_mel_bins,
    vocabularySize: theirs.vocab_size,
    modelWidth: theirs.d_model,
    encoderLayers: theirs.encoder_layers,
    encoderHeads: theirs.encoder_attention_heads,
    decoderLayers: theirs.decoder_layers,
    decoderHeads: theirs.decoder_attention_heads,
    feedForwardWidth: theirs.encoder_ffn_dim,
    maximumSteps: theirs.max_source_positions,
    maximumLength: theirs.max_target_positions,
    dropout: theirs.dropout,
  };
}

/** The same as Hugging Face's `config.json` has it. */
export function publishedWhisperConfig(config: WhisperConfig): Record<string, unknown> {
  return {
    architectures: ['WhisperForConditionalGeneration'],
    model_type: 'whisper',
    vocab_size: config.vocabularySize,
    num_mel_bins: config.mels,
    d_model: config.modelWidth,
    encoder_layers: config.encoderLayers,
    encoder_attention_heads: config.encoderHeads,
    encoder_ffn_dim: config.feedForwardWidth,
    decoder_layers: config.decoderLayers,
    decoder_attention_heads: config.decoderHeads,
    decoder_ffn_dim: config.feedForwardWidth,
    max_source_positions: config.maximumSteps,
    max_target_positions: config.maximumLength,
    dropout: config.dropout,
    activation_function: 'gelu',
    scale_embedding: false,
    is_encoder_decoder: true,
    tie_word_embeddings: true,
  };
}
