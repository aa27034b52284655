/** The ONNX operators Attention-23 to 25, FlexAttention, RotaryEmbedding and LinearAttention, written with the public API. */
import * as tf from '@tensorflow/tfjs';
import {
  and,
  attention,
  capture,
  causal,
  fromTensor,
  mergeHeads,
  padding,
  recurrentLinearAttention,
  rotate,
  scaledDot,
  scoreMod,
  slidingWindow,
  softcap,
  softmax,
  splitHeads,
  tensorBias,
  wholeRegion,
  type Bias,
  type Mask,
  type Normaliser,
} from '../../index.ts';
import { toTensor, type Modifier, type OnnxCase } from './onnx-case.test-support.ts';

type Tensors = Record<string, tf.Tensor>;

export type Path = 'dense' | 'blockwise';

/** The outputs of a case, by their ONNX names. @param path which attention takes, where the case is one of attention */
export function runCase(example: OnnxCase, path: Path): Tensors {
  const inputs = Object.fromEntries(Object.entries(example.inputs).map(([name, value]) => [name, toTensor(value)]));
  switch (example.op) {
    case 'Attention':
      return runAttention(example.attributes, inputs, path);
    case 'FlexAttention':
      return runFlexAttention(example.attributes, inputs, path);
    case 'RotaryEmbedding':
      return runRotaryEmbedding(example.attributes, inputs);
    case 'LinearAttention':
      return runLinearAttention(example.attributes, inputs);
    default:
      throw new Error(`runCase: op must be one of the attention operators, got ${example.op}`);
  }
}

function runAttention(attributes: OnnxCase['attributes'], inputs: Tensors, path: Path): Tensors {
  const packed = inputs.Q.rank === 3;
  const split = (x: tf.Tensor, heads: unknown) => (packed ? splitHeads(x, heads as number) : x);
  const after = (past: tf.Tensor | undefined, x: tf.Tensor) => (past === undefined ? x : tf.concat([past, x], 2));
  const query = split(inputs.Q, attributes.q_num_heads);
  const key = after(inputs.past_key, split(inputs.K, attributes.kv_num_heads));
  const value = after(inputs.past_value, split(inputs.V, attributes.kv_num_heads));
  const region = wholeRegion(query.shape[2]!, key.shape[2]!);
  const { mask, bias } = visibility(attributes, inputs, query, key);

  const scaled = scaledDot(attributes.scale === undefined ? {} : { scale: attributes.scale as number });
  const cap = (attributes.softcap as number | undefined) ?? 0;
  const score = cap === 0 ? scaled : softcap(scaled, cap);
  const { result, maps } = capture(() => attention({ query, key, value, score, mask, bias, path }));

  const repeated = tf.gather(
    key,
    tf
      .range(0, query.shape[1]!, 1, 'int32')
      .div(query.shape[1]! / key.shape[1]!)
      .cast('int32'),
    1,
  );
  const biased = (scores: tf.Tensor) => {
    const moved = bias === undefined ? scores : tf.add(scores, bias.values(region));
    return mask === undefined
      ? moved
      : tf.where(
          tf.broadcastTo(tf.cast(mask.allowed(region), 'int32'), moved.shape).cast('bool'),
          moved,
          tf.mul(tf.onesLike(moved), -Infinity),
        );
  };
  const steps = [
    () => scaled.scores(query, repeated),
    () => score.scores(query, repeated),
    () => biased(score.scores(query, repeated)),
    () => maps[0].weights,
  ];
  return {
    Y: packed ? mergeHeads(result) : result,
    present_key: key,
    present_value: value,
    qk_matmul_output: steps[(attributes.qk_matmul_output_mode as number | undefined) ?? 0](),
  };
}

/** A boolean mask is a mask, a float mask a bias, in which −∞ hides. */
function visibility(
  attributes: OnnxCase['attributes'],
  inputs: Tensors,
  query: tf.Tensor,
  key: tf.Tensor,
): { mask: Mask | undefined; bias: Bias | undefined } {
  const [queryLength, keyLength] = [query.shape[2]!, key.shape[2]!];
  const masks: Mask[] = [];
  let bias: Bias | undefined;
  const lengths = inputs.nonpad_kv_seqlen as tf.Tensor1D | undefined;
  const alignment =
    lengths === undefined ? (inputs.past_key?.shape[2] ?? 0) : tf.sub(lengths, tf.scalar(queryLength, 'int32'));
  if (lengths !== undefined) masks.push(padding(lengths));
  if (attributes.is_causal === 1) masks.push(causal({ alignment }));
  const reach = (name: string) => {
    const size = (attributes[name] as number | undefined) ?? -1;
    return size < 0 ? Infinity : size;
  };
  const [left, right] = [reach('left_window_size'), reach('right_window_size')];
  if (left < Infinity || right < Infinity) masks.push(slidingWindow(left, right, { alignment }));
  const given = inputs.attn_mask as tf.Tensor | undefined;
  if (given !== undefined) {
    const rank4 = tf.reshape(given, [...Array<number>(4 - given.rank).fill(1), ...given.shape]);
    const missing = keyLength - rank4.shape[3]!; // keys that the mask does not name are hidden
    const padded = (x: tf.Tensor, value: number) => {
      const [none, some]: [[number, number], [number, number]] = [
        [0, 0],
        [0, missing],
      ];
      return tf.pad(x, [none, none, none, some], value);
    };
    if (given.dtype === 'bool') masks.push(fromTensor(tf.cast(padded(tf.cast(rank4, 'int32'), 0), 'bool')));
    else bias = tensorBias(padded(rank4, -Infinity));
  }
  return { mask: masks.length === 0 ? undefined : and(...masks), bias };
}

function runFlexAttention(
  attributes: OnnxCase['attributes'],
  { Q: query, K: key, V: value }: Tensors,
  path: Path,
): Tensors {
  const plain = scaledDot(attributes.scale === undefined ? {} : { scale: attributes.scale as number });
  const { score_mod: scores, prob_mod: probabilities } = attributes;
  const score = scores === undefined ? plain : scoreMod(plain, (s) => runGraph(scores, 'scores', s));
  const normaliser: Normaliser =
    probabilities === undefined
      ? softmax()
      : { name: 'mod', weights: (s, v) => runGraph(probabilities, 'probs', softmax().weights(s, v)) };
  return { Y: attention({ query, key, value, score, normaliser, path: probabilities === undefined ? path : 'dense' }) };
}

/**
 * A subgraph over the scores [B, H, L, S], with its constants, or those of ONNX's own tests where a case carries none: cap 20, a bias
 * that is the same everywhere, and −∞ for what is hidden.
 */
function runGraph({ graph, constants = {} }: Modifier, input: string, scores: tf.Tensor): tf.Tensor {
  const [length, keys] = scores.shape.slice(2);
  const values: Record<string, tf.Tensor> = {
    [input]: scores,
    cap: tf.scalar(20),
    bias: tf.scalar(0.5),
    neg_inf: tf.scalar(-Infinity),
    ...Object.fromEntries(Object.entries(constants).map(([name, constant]) => [name, toTensor(constant)])),
  };
  const shapes: Record<string, number[]> = { q_shape: [1, 1, length!, 1], k_shape: [1, 1, 1, keys!] };
  const numbers: Record<string, number> = { zero: 0, one: 1, idx_2: 2, idx_3: 3 };
  for (const { op, in: names, out, attr } of graph) {
    const [a, b] = names.map((name) => values[name]);
    switch (op) {
      case 'Shape':
        shapes[out[0]] = values[names[0]].shape;
        break;
      case 'Gather':
        numbers[out[0]] = shapes[names[0]][numbers[names[1]]];
        break;
      case 'Range':
        values[out[0]] = tf.range(numbers[names[0]], numbers[names[1]], numbers[names[2]]);
        break;
      case 'Reshape':
        values[out[0]] = tf.reshape(a, shapes[names[1]]);
        break;
      case 'Cast':
        values[out[0]] = a;
        break;
      case 'Tanh':
        values[out[0]] = tf.tanh(a);
        break;
      case 'Where':
        values[out[0]] = tf.where(a, b, values[names[2]]);
        break;
      case 'Constant':
        values[out[0]] = typeof attr?.value === 'object' ? toTensor(attr.value) : tf.scalar(numberOf(attr?.value));
        break;
      case 'Identity':
        values[out[0]] = a;
        break;
      default:
        values[out[0]] = elementwise(op, a, b);
    }
  }
  return values[graph.at(-1)!.out[0]];
}

const OF_ONE: Readonly<Record<string, (a: tf.Tensor) => tf.Tensor>> = {
  Abs: tf.abs,
  Exp: tf.exp,
  Log: tf.log,
  Neg: tf.neg,
  Not: (a) => tf.logicalNot(tf.cast(a, 'bool')),
  Relu: tf.relu,
  Sigmoid: tf.sigmoid,
  Sqrt: tf.sqrt,
};
const OF_TWO: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  Add: tf.add,
  Sub: tf.sub,
  Mul: tf.mul,
  Div: tf.div,
  Pow: tf.pow,
  Max: tf.maximum,
  Min: tf.minimum,
  Equal: tf.equal,
  Greater: tf.greater,
  GreaterOrEqual: tf.greaterEqual,
  Less: tf.less,
  LessOrEqual: tf.lessEqual,
  And: tf.logicalAnd,
  Or: tf.logicalOr,
};

function elementwise(op: string, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (Object.hasOwn(OF_ONE, op)) return OF_ONE[op](a);
  if (Object.hasOwn(OF_TWO, op)) return OF_TWO[op](a, b);
  throw new Error(`runGraph: there must be a rule for every node, got none for ${op}`);
}

/** ONNX writes ∞ as inf. */
function numberOf(text: string | number | undefined): number {
  return Number(String(text).replace(/^([-+]?)inf(inity)?$/i, '$1Infinity'));
}

function runRotaryEmbedding(attributes: OnnxCase['attributes'], inputs: Tensors): Tensors {
  const { input: x, cos_cache: cos, sin_cache: sin, position_ids: positions } = inputs;
  const packed = x.rank === 3;
  const heads = packed ? splitHeads(x, attributes.num_heads as number) : x;
  const rows = (cache: tf.Tensor) => (positions === undefined ? cache : tf.gather(cache, positions as tf.Tensor1D));
  const layout = attributes.interleaved === 1 ? 'interleaved' : 'halves';
  const turned = rotate(heads, { cos: rows(cos), sin: rows(sin) }, { layout });
  return { output: packed ? mergeHeads(turned) : turned };
}

function runLinearAttention(attributes: OnnxCase['attributes'], inputs: Tensors): Tensors {
  const [queryHeads, heads] = [attributes.q_num_heads as number, attributes.kv_num_heads as number];
  const rule = (attributes.update_rule as string | undefined) ?? 'gated_delta';
  const split = (name: string) => (inputs[name] === undefined ? undefined : splitHeads(inputs[name], heads));
  const rates = inputs.beta?.shape[2] === 1 ? tf.expandDims(inputs.beta, 1) : split('beta'); // [B, 1 or K, T, 1]
  const { output, state } = recurrentLinearAttention({
    query: splitHeads(inputs.query, queryHeads),
    key: splitHeads(inputs.key, heads),
    value: splitHeads(inputs.value, heads),
    decay: rule.includes('gated') ? split('decay') : undefined,
    beta: rule.includes('delta') ? rates : undefined,
    state: inputs.past_state,
    ...(attributes.scale ? { scale: attributes.scale as number } : {}),
  });
  return { output: mergeHeads(output), present_state: state };
}
