/** BERT's encoder as an ONNX file, in the ops that exporters of PyTorch write: runtimes know these patterns and fuse them. */
import { onnxModel, type OnnxNode, type OnnxTensor } from './onnx-model.ts';
import { sameWeight } from './same-values.ts';

export interface BertCase {
  readonly vocabulary: number;
  readonly maximumLength: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
  readonly batch: number;
  readonly length: number;
}

/** Inputs `input_ids`, `attention_mask`, `token_type_ids`: int64 [B, L]; output `last_hidden_state`: [B, L, M]. */
export function bertOnnx({
  vocabulary,
  maximumLength,
  layers,
  width,
  heads,
  inner,
  batch,
  length,
}: BertCase): Uint8Array {
  const nodes: OnnxNode[] = [];
  const weights: Record<string, OnnxTensor> = {};
  const add = (op: string, inputs: readonly string[], attributes: OnnxNode['attributes'] = {}): string => {
    const output = `${op} ${nodes.length}`;
    nodes.push({ op, inputs, output, attributes });
    return output;
  };
  const weight = (name: string, ...shape: number[]): string => {
    weights[name] = { shape, values: sameWeight(name, shape) };
    return name;
  };
  const scalar = (value: number): string => {
    weights[`constant ${value}`] = { shape: [], values: Float32Array.of(value) };
    return `constant ${value}`;
  };
  const reshape = (x: string, ...shape: number[]): string => {
    const name = `shape ${String(shape)}`;
    weights[name] = { shape: [shape.length], values: BigInt64Array.from(shape, BigInt) };
    return add('Reshape', [x, name]);
  };
  const linear = (x: string, name: string, inputs: number, outputs: number): string =>
    add('Add', [add('MatMul', [x, weight(`${name}.weight`, inputs, outputs)]), weight(`${name}.bias`, outputs)]);
  const norm = (x: string, name: string): string =>
    add('LayerNormalization', [x, weight(`${name}.weight`, width), weight(`${name}.bias`, width)], {
      axis: -1,
      epsilon: 1e-12,
    });
  const split = (x: string, perm: readonly number[]): string =>
    add('Transpose', [reshape(x, batch, length, heads, width / heads)], { perm });
  const gelu = (x: string): string => {
    const erf = add('Erf', [add('Div', [x, scalar(Math.SQRT2)])]);
    return add('Mul', [add('Mul', [x, add('Add', [erf, scalar(1)])]), scalar(0.5)]);
  };

  const positions = sameWeight('embeddings.position.weight', [maximumLength, width]).slice(0, length * width);
  weights.positions = { shape: [length, width], values: positions };
  const tokens = add('Gather', [weight('embeddings.token.weight', vocabulary, width), 'input_ids']);
  const types = add('Gather', [weight('embeddings.tokenType.weight', 2, width), 'token_type_ids']);
  let x = norm(add('Add', [add('Add', [tokens, types]), 'positions']), 'embeddings.norm'); // [B, L, M]

  const real = reshape(add('Cast', ['attention_mask'], { to: 1 }), batch, 1, 1, length); // [B, 1, 1, S]
  const mask = add('Mul', [add('Sub', [scalar(1), real]), scalar(-1e9)]);
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `layers.${layer}.${part}`;
    const query = split(linear(x, name('attention.query'), width, width), [0, 2, 1, 3]); // [B, H, L, D]
    const key = split(linear(x, name('attention.key'), width, width), [0, 2, 3, 1]); // [B, H, D, S]
    const value = split(linear(x, name('attention.value'), width, width), [0, 2, 1, 3]); // [B, H, S, D]
    const scores = add('Div', [add('MatMul', [query, key]), scalar(Math.sqrt(width / heads))]); // [B, H, L, S]
    const mixed = add('MatMul', [add('Softmax', [add('Add', [scores, mask])], { axis: -1 }), value]); // [B, H, L, D]
    const merged = reshape(add('Transpose', [mixed], { perm: [0, 2, 1, 3] }), batch, length, width);
    x = norm(add('Add', [linear(merged, name('attention.output'), width, width), x]), name('attentionNorm'));
    const hidden = gelu(linear(x, name('feedForward.hidden'), width, inner)); // [B, L, inner]
    x = norm(add('Add', [linear(hidden, name('feedForward.output'), inner, width), x]), name('feedForwardNorm'));
  }
  nodes.push({ op: 'Identity', inputs: [x], output: 'last_hidden_state' });
  const ids = { int64: [batch, length] };
  return onnxModel(
    nodes,
    { input_ids: ids, attention_mask: ids, token_type_ids: ids },
    ['last_hidden_state', [batch, length, width]],
    weights,
  );
}
