import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { runCase } from './onnx-adapter.test-support.ts';
import { caseFolders, readCases, toleranceOf, toTensor, type OnnxCase } from './onnx-case.test-support.ts';

const cases = readCases(caseFolders());

/** −∞ as a finite number: both sides write it where a key is hidden, and it equals itself. */
const finite = (tensor: tf.Tensor) => tf.maximum(tf.cast(tensor, 'float32'), -1e38);

const flat = (shape: readonly number[], ...data: number[]) => ({ dtype: 'float32', shape, data });
const node = (op: string, inputs: string, out: string, value?: string) => ({
  op,
  in: inputs.split(' ').filter(Boolean),
  out: [out],
  ...(value !== undefined && { attr: { value } }),
});
/** Of the indices of queries and keys, as columns and rows. */
const INDICES = [
  node('Shape', 'x', 'shape'),
  node('Gather', 'shape idx_2', 'length'),
  node('Gather', 'shape idx_3', 'keys'),
  node('Range', 'zero length one', 'i'),
  node('Range', 'zero keys one', 'j'),
  node('Reshape', 'i q_shape', 'q'),
  node('Reshape', 'j k_shape', 'k'),
];
const graphOf = (input: string, nodes: readonly ReturnType<typeof node>[]) => ({
  graph: [node('Identity', input, 'x'), ...INDICES, ...nodes],
});
const flex = (modifier: Partial<Pick<OnnxCase['attributes'], 'score_mod' | 'prob_mod'>>): OnnxCase => ({
  name: 'flex',
  op: 'FlexAttention',
  attributes: modifier as OnnxCase['attributes'],
  inputs: {
    Q: flat([1, 1, 3, 1], 0, 0, 0),
    K: flat([1, 1, 3, 1], 0, 0, 0),
    V: flat([1, 1, 3, 1], 1, 10, 100),
  },
  outputs: {},
});

describe('further cases of the ONNX operators, derived by hand', () => {
  const hiding = [node('Constant', '', 'hidden', '-inf')];

  it.each([
    // queries and keys are 0, so that what is seen is weighed alike
    ['GreaterOrEqual, causal', [node('GreaterOrEqual', 'q k', 'seen')], [1, 5.5, 37]],
    ['Less, strictly later', [node('Less', 'q k', 'seen')], [55, 100, 0]],
    ['Equal', [node('Equal', 'q k', 'seen')], [1, 10, 100]],
    ['Not', [node('Equal', 'q k', 'same'), node('Not', 'same', 'seen')], [55, 50.5, 5.5]],
    [
      'And, a window of two',
      [
        node('Sub', 'q k', 'apart'),
        node('Constant', '', 'two', '2'),
        node('Less', 'apart two', 'near'),
        node('GreaterOrEqual', 'q k', 'before'),
        node('And', 'near before', 'seen'),
      ],
      [1, 5.5, 55],
    ],
  ] as const)('Where and %s', (_name, rule, expected) => {
    const example = flex({ score_mod: graphOf('scores', [...hiding, ...rule, node('Where', 'seen x hidden', 'y')]) });
    for (const path of ['dense', 'blockwise'] as const) {
      expect(runCase(example, path).Y.reshape([-1])).toBeAllClose([...expected]);
    }
  });

  it('a modifier of probabilities with constants of its own', () => {
    const scaled = [node('Constant', '', 'three', '3'), node('Mul', 'x three', 'y')];
    const example = flex({ prob_mod: graphOf('probs', scaled) });
    expect(runCase(example, 'dense').Y.reshape([-1])).toBeAllClose([111, 111, 111]); // 3 · 37
  });

  it('is refused, by name, where a node is unknown', () => {
    const example = flex({ score_mod: graphOf('scores', [node('Erf', 'x', 'y')]) });
    expect(() => runCase(example, 'dense')).toThrow('runGraph: there must be a rule for every node, got none for Erf');
  });

  it('a beta that all heads share is the same as one for each head', () => {
    const [B, T, heads, width] = [2, 3, 2, 2];
    const values = (size: number, shift: number) => Array.from({ length: size }, (_, i) => Math.sin(i + shift));
    const inputs = (beta: readonly number[], shape: readonly number[]) => ({
      query: flat([B, T, heads * width], ...values(B * T * heads * width, 1)),
      key: flat([B, T, heads * width], ...values(B * T * heads * width, 2)),
      value: flat([B, T, heads * width], ...values(B * T * heads * width, 3)),
      beta: flat(shape, ...beta),
    });
    const run = (of: OnnxCase['inputs']) =>
      runCase(
        {
          name: 'beta',
          op: 'LinearAttention',
          attributes: { q_num_heads: heads, kv_num_heads: heads, update_rule: 'delta' },
          inputs: of,
          outputs: {},
        },
        'dense',
      );
    const shared = values(B * T, 4).map(Math.abs);
    const one = run(inputs(shared, [B, T, 1]));
    const each = run(
      inputs(
        shared.flatMap((beta) => [beta, beta]),
        [B, T, heads],
      ),
    );
    expect(one.output).toBeAllClose(each.output);
    expect(one.present_state).toBeAllClose(each.present_state);
    // the first step, from an empty state: S = β · k vᵀ, and the output qᵀ S / √D
    const [q, k, v] = [1, 2, 3].map((shift) => values(width, shift));
    const dot = q[0] * k[0] + q[1] * k[1];
    const first = v.map((value) => (shared[0] * dot * value) / Math.sqrt(width));
    expect(tf.slice(one.output, [0, 0, 0], [1, 1, width]).reshape([-1])).toBeAllClose(first);
  });
});

describe('the ONNX standard', () => {
  it('has its cases here, or says where they are not', (context) => {
    if (cases.length === 0) {
      const reason = 'ONNX conformance: skipped, HEED_DATA has no onnx-attention and HEED_ONNX_CASES names no folder';
      process.stdout.write(`${reason}\n`);
      context.skip(reason);
    }
    expect(cases.length).toBeGreaterThan(0);
  });

  it.each(cases.map((example) => [example.name, example] as const))('%s', (_name, example) => {
    for (const path of ['dense', 'blockwise'] as const) {
      const outputs = runCase(example, path);
      for (const [name, expected] of Object.entries(example.outputs)) {
        expect(finite(outputs[name])).toBeAllClose(finite(toTensor(expected)), toleranceOf(expected));
      }
    }
  });
});
