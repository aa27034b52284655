import type { Activation } from '@heed/attention-core';
import { linearRules, parseConfig, sameRules, type NameMap, type WeightRule } from '@heed/training';
import { z } from 'zod';
import type { VitConfig } from './vit.ts';

const LAYER = 'encoder.layer.{n}';

const bodyRules: readonly WeightRule[] = [
  { ours: 'embeddings.classToken', theirs: 'embeddings.cls_token' },
  { ours: 'embeddings.positions', theirs: 'embeddings.position_embeddings' },
  { ours: 'embeddings.patches.weight', theirs: 'embeddings.patch_embeddings.projection.weight', axes: [2, 3, 1, 0] },
  { ours: 'embeddings.patches.bias', theirs: 'embeddings.patch_embeddings.projection.bias' },
  ...sameRules('layers.{n}.attentionNorm', `${LAYER}.layernorm_before`),
  ...linearRules('layers.{n}.attention.query', `${LAYER}.attention.attention.query`),
  ...linearRules('layers.{n}.attention.key', `${LAYER}.attention.attention.key`),
  ...linearRules('layers.{n}.attention.value', `${LAYER}.attention.attention.value`),
  ...linearRules('layers.{n}.attention.output', `${LAYER}.attention.output.dense`),
  ...sameRules('layers.{n}.feedForwardNorm', `${LAYER}.layernorm_after`),
  ...linearRules('layers.{n}.feedForward.hidden', `${LAYER}.intermediate.dense`),
  ...linearRules('layers.{n}.feedForward.output', `${LAYER}.output.dense`),
  ...sameRules('norm', 'layernorm'),
];

/** How Hugging Face's `ViTModel` calls a body's weights; a head, if the file has one, is left out. */
export const vitBodyNames: NameMap = {
  rules: bodyRules,
  prefixes: ['vit.'],
  ignored: [/^pooler\./, /^classifier\./],
};

/** How Hugging Face's `ViTForImageClassification` calls a `Vit`'s weights. */
export const vitNames: NameMap = {
  rules: [
    ...bodyRules.map(({ ours, theirs, ...rule }) => ({
      ours: `body.${ours as string}`,
      theirs: `vit.${theirs}`,
      ...rule,
    })),
    ...linearRules('head', 'classifier'),
  ],
};

const size = z.union([z.number(), z.tuple([z.number(), z.number()])]);

/** What is read of a published `config.json`; other fields may be there. */
const schema = z.object({
  model_type: z.literal('vit'),
  image_size: size.default(224),
  patch_size: z.union([z.number(), z.tuple([z.number(), z.number()])]).default(16),
  num_channels: z.number().default(3),
  hidden_size: z.number(),
  num_hidden_layers: z.number(),
  num_attention_heads: z.number(),
  intermediate_size: z.number(),
  hidden_act: z.enum(['gelu', 'gelu_new', 'relu', 'silu']).default('gelu'),
  layer_norm_eps: z.number().default(1e-12),
  hidden_dropout_prob: z.number().default(0),
  attention_probs_dropout_prob: z.number().default(0),
  qkv_bias: z.literal(true).default(true),
});

const activations: Readonly<Record<z.infer<typeof schema>['hidden_act'], Activation>> = {
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  relu: 'relu',
  silu: 'silu',
};

/**
 * The config of a published ViT.
 *
 * @param published the content of Hugging Face's `config.json`
 * @throws if it is no ViT, or one that computes otherwise: without biases of queries, with patches that are no squares
 */
export function vitConfigFrom(published: Readonly<Record<string, unknown>>, classes: number): VitConfig {
  const theirs = parseConfig('vitConfigFrom', schema, published);
  const [side, other] = [theirs.patch_size].flat();
  if (other !== undefined && other !== side) {
    throw new Error(`vitConfigFrom: patch_size: must be a square, got ${JSON.stringify(theirs.patch_size)}`);
  }
  return {
    imageSize: typeof theirs.image_size === 'number' ? [theirs.image_size, theirs.image_size] : theirs.image_size,
    channels: theirs.num_channels,
    patchSize: side,
    modelWidth: theirs.hidden_size,
    layers: theirs.num_hidden_layers,
    heads: theirs.num_attention_heads,
    feedForwardWidth: theirs.intermediate_size,
    activation: activations[theirs.hidden_act],
    epsilon: theirs.layer_norm_eps,
    dropout: theirs.hidden_dropout_prob,
    attentionDropout: theirs.attention_probs_dropout_prob,
    pooling: 'token',
    classes,
  };
}

/** The same as Hugging Face's `config.json` has it. */
export function publishedVitConfig(config: VitConfig): Record<string, unknown> {
  const [height, width] = config.imageSize;
  return {
    architectures: ['ViTForImageClassification'],
    model_type: 'vit',
    image_size: height === width ? height : [height, width],
    patch_size: config.patchSize,
    num_channels: config.channels,
    hidden_size: config.modelWidth,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.feedForwardWidth,
    hidden_act: Object.entries(activations).find(([, activation]) => activation === config.activation)![0],
    layer_norm_eps: config.epsilon,
    hidden_dropout_prob: config.dropout,
    attention_probs_dropout_prob: config.attentionDropout,
    qkv_bias: true,
  };
}
