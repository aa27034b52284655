import { sameRules, type WeightRule } from './name-map.ts';

/**
 * How Hugging Face's `GPT2Block` calls the weights of an `EncoderBlock`. Its `Conv1D` keeps weights [inputs, outputs], as `Linear` does, and query,
 * key and value side by side. Such blocks are pre-norm, causal and have GPT-2's GELU (`activation: 'gelu-tanh'`; Decision Transformer's
 * has ReLU).
 *
 * @param ours where the block is, e.g. `layers.{n}`
 * @param theirs the same of theirs, e.g. `transformer.h.{n}`
 *
 * @example
 * ```ts
 * import { gpt2BlockRules, sameRules, type NameMap } from '@heed/training';
 * const decisionTransformer: NameMap = {
 *   rules: [...gpt2BlockRules('blocks.{n}', 'encoder.h.{n}'), ...sameRules('norm', 'encoder.ln_f')],
 *   ignored: [/\.attn\.(masked_)?bias$/], // the causal mask, which older files hold
 * };
 * ```
 */
export function gpt2BlockRules(ours: string, theirs: string): WeightRule[] {
  const heads = ['query', 'key', 'value'].map((part) => `${ours}.attention.${part}`);
  return [
    ...sameRules(`${ours}.attentionNorm`, `${theirs}.ln_1`),
    { ours: heads.map((part) => `${part}.weight`), theirs: `${theirs}.attn.c_attn.weight`, axis: 1 },
    { ours: heads.map((part) => `${part}.bias`), theirs: `${theirs}.attn.c_attn.bias` },
    ...sameRules(`${ours}.attention.output`, `${theirs}.attn.c_proj`),
    ...sameRules(`${ours}.feedForwardNorm`, `${theirs}.ln_2`),
    ...sameRules(`${ours}.feedForward.hidden`, `${theirs}.mlp.c_fc`),
    ...sameRules(`${ours}.feedForward.output`, `${theirs}.mlp.c_proj`),
  ];
}
