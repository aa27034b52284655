import { linearRules, type WeightRule } from './name-map.ts';

export type T5StackKind = 'encoder' | 'decoder';

/** Where Hugging Face keeps the parts of a block, beside what they are called here. */
const PARTS = {
  encoder: { attention: 'layer.0.SelfAttention', feedForward: 'layer.1.DenseReluDense' },
  decoder: {
    selfAttention: 'layer.0.SelfAttention',
    crossAttention: 'layer.1.EncDecAttention',
    feedForward: 'layer.2.DenseReluDense',
  },
} as const;
const LETTERS = { query: 'q', key: 'k', value: 'v', output: 'o' } as const;

/**
 * How Hugging Face's `T5Block` calls the weights of an `EncoderBlock` or a `DecoderBlock`, gated or not.
 *
 * @param ours where the block is, e.g. `encoder.{n}`
 * @param theirs the same of theirs, e.g. `encoder.block.{n}`
 */
export function t5BlockRules(
  kind: T5StackKind,
  ours: string,
  theirs: string,
  { gated = false }: { readonly gated?: boolean } = {},
): WeightRule[] {
  const layers = gated ? { gate: 'wi_0', hidden: 'wi_1', output: 'wo' } : { hidden: 'wi', output: 'wo' };
  return Object.entries(PARTS[kind]).flatMap(([part, place]) => [
    { ours: `${ours}.${part}Norm.weight`, theirs: `${theirs}.${place.slice(0, 'layer.0'.length)}.layer_norm.weight` },
    ...Object.entries(part === 'feedForward' ? layers : LETTERS).flatMap(([layer, name]) =>
      linearRules(`${ours}.${part}.${layer}`, `${theirs}.${place}.${name}`),
    ),
  ]);
}

/**
 * How Hugging Face's `T5Stack` calls the weights of a `T5Encoder` or a `T5Decoder`: its blocks, the position bias that its first block holds,
 * and its last norm. The table of embeddings is the model's (`shared.weight`).
 *
 * @param ours where the stack is, e.g. `encoder`
 * @param theirs the same of theirs. Default: its kind
 *
 * @example
 * ```ts
 * import { t5StackRules, type NameMap } from '@heed/training';
 * const chronos: NameMap = {
 *   rules: [
 *     { ours: 'bins.weight', theirs: 'shared.weight' },
 *     ...t5StackRules('encoder', 'encoder'),
 *     ...t5StackRules('decoder', 'decoder'),
 *   ],
 *   ignored: [/^(encoder|decoder)\.embed_tokens\.weight$/, /^lm_head\.weight$/], // the table again
 * };
 * ```
 */
export function t5StackRules(
  kind: T5StackKind,
  ours: string,
  { theirs = kind, gated = false }: { readonly theirs?: string; readonly gated?: boolean } = {},
): WeightRule[] {
  return [
    ...t5BlockRules(kind, `${ours}.blocks.{n}`, `${theirs}.block.{n}`, { gated }),
    { ours: `${ours}.bias.weight`, theirs: `${theirs}.block.0.layer.0.SelfAttention.relative_attention_bias.weight` },
    { ours: `${ours}.norm.weight`, theirs: `${theirs}.final_layer_norm.weight` },
  ];
}
