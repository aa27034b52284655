const HEED = 'Heed, native';
const WASM = 'Heed, WASM';
const PLAIN = 'plain tfjs, WASM';
const ONNX = 'onnxruntime-web, WASM';
const TORCH = 'torch, fused';

const sized = (length: number, more: object = {}) => ({ heads: 8, length, width: 64, gradient: false, ...more });
const row = (work: string, subject: string, reference: string, given: object, more: object = {}) => ({
  work,
  subject: { contender: subject, case: given },
  reference: { contender: reference, case: given },
  ...more,
});
const against = (work: string, subject: object, reference: object, more: object = {}) => ({
  work,
  subject: { contender: HEED, case: subject },
  reference: { contender: HEED, case: reference },
  ...more,
});

export const benchmark = {
  title: 'Attention',
  about:
    '8 heads of width 64, one sequence, float32, op by op; recorded by `compile()`, as training runs it, it stands under tensorflow. WASM runs on ' +
    'one thread.',
  contenders: {
    [HEED]: { file: 'attention.heed.ts', backend: 'tensorflow' },
    [WASM]: { file: 'attention.heed.ts', backend: 'wasm' },
    [PLAIN]: { file: 'attention.plain.ts', backend: 'wasm', stock: true },
    [ONNX]: { file: 'references/attention.onnx.ts' },
    [TORCH]: { file: 'references/attention.torch.py' },
  },
  rows: [
    row('forward, L = 1024', HEED, TORCH, sized(1024), { atMost: 1.6, rounds: 9 }),
    row('forward, L = 2048', HEED, TORCH, sized(2048), { atMost: 1.6, rounds: 9 }),
    row('forward and backward, L = 2048', HEED, TORCH, sized(2048, { gradient: true }), { atMost: 1.8, rounds: 7 }),
    against(
      'sliding window of 256 against full causal, L = 4096',
      sized(4096, { window: 255 }),
      sized(4096, { causal: true }),
      {
        atMost: 0.25,
        rounds: 7,
      },
    ),
    against(
      'forward and backward, L = 8192, peak memory: blockwise against dense',
      sized(8192, { gradient: true, path: 'blockwise' }),
      sized(8192, { gradient: true, path: 'dense' }),
      { measure: 'memory', atMost: 0.25 },
    ),
    row('forward, L = 1024', WASM, PLAIN, sized(1024), { atMost: 0.125, rounds: 5 }),
    row('forward, L = 1024', WASM, ONNX, sized(1024), { rounds: 7 }),
    row('forward, L = 256', WASM, PLAIN, sized(256), { rounds: 7 }),
  ],
};
