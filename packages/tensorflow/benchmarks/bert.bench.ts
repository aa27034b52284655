const COMPILED = 'Heed, compiled';
const WASM = 'Heed, WASM';
const PLAIN = 'plain tfjs, native';
const PLAIN_WASM = 'plain tfjs, WASM';
const TORCH = 'torch';
const ONNX = 'onnxruntime-node';
const TRANSFORMERS = 'transformers.js';

const row = (batch: number, length: number, subject: string, reference: string, more: object = {}) => {
  const given = { vocabulary: 30522, maximumLength: 512, layers: 6, width: 384, heads: 12, inner: 1536, batch, length };
  return {
    work: `BERT forward, 6 × 384, batch ${batch} × ${length}`,
    subject: { contender: subject, case: given },
    reference: { contender: reference, case: given },
    agree: { runs: 3, within: 1e-3 },
    rounds: 11,
    ...more,
  };
};

export const benchmark = {
  title: 'A forward pass of BERT',
  about:
    'MiniLM’s shape: 6 layers, 384 wide, 12 heads, feed-forward 1536, 30,522 tokens; hidden states of all positions, padding masked, ' +
    'float32, two threads, WASM one. torch is eager with fused attention. onnxruntime-node and transformers.js run one ONNX file, written for ' +
    'the shape in the ops of PyTorch’s exporter, all graph optimizations on; transformers.js is measured from token ids on, without its ' +
    'tokenizer and pooling. All have the same weights; their hidden states agree before anything is timed.',
  contenders: {
    [COMPILED]: { file: 'bert.heed.ts', backend: 'tensorflow' },
    [WASM]: { file: 'bert.heed.ts', backend: 'wasm' },
    [PLAIN]: { file: 'bert.plain.ts', backend: 'tensorflow', stock: true },
    [PLAIN_WASM]: { file: 'bert.plain.ts', backend: 'wasm', stock: true },
    [TORCH]: { file: 'references/bert.torch.py' },
    [ONNX]: { file: 'references/bert.onnxruntime.ts' },
    [TRANSFORMERS]: { file: 'references/bert.transformers.ts' },
  },
  rows: [
    row(8, 128, COMPILED, TORCH, { atMost: 0.9 }),
    row(1, 16, COMPILED, TORCH, { atMost: 1.2 }),
    row(8, 128, COMPILED, ONNX, { atMost: 0.7 }),
    row(1, 16, COMPILED, ONNX, { atMost: 1 }),
    row(8, 128, COMPILED, TRANSFORMERS),
    row(1, 16, COMPILED, TRANSFORMERS),
    row(8, 128, COMPILED, PLAIN),
    row(1, 16, COMPILED, PLAIN),
    row(8, 128, WASM, PLAIN_WASM, { rounds: 3 }),
    row(1, 16, WASM, PLAIN_WASM, { rounds: 15 }),
  ],
};
