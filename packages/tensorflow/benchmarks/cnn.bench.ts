const COMPILED = 'Heed, compiled';
const WASM = 'Heed, WASM';
const PLAIN = 'plain tfjs, native';
const PLAIN_WASM = 'plain tfjs, WASM';
const TORCH = 'torch';

const given = { side: 28, channels: [32, 64], classes: 10, batch: 64 };
const row = (subject: string, reference: string, more: object = {}) => ({
  work: 'CNN step',
  subject: { contender: subject, case: given },
  reference: { contender: reference, case: given },
  agree: { runs: 5, within: 1e-3 },
  rounds: 15,
  ...more,
});

export const benchmark = {
  title: 'A training step of a convolutional network',
  about:
    'Two convolutions of 3 × 3 (32 and 64 channels), each with ReLU and pooling, and a linear layer; 64 images of 28 × 28, Adam. torch is ' +
    'eager with its default layout. The losses of five steps agree before anything is timed.',
  contenders: {
    [COMPILED]: { file: 'cnn.heed.ts', backend: 'tensorflow' },
    [WASM]: { file: 'cnn.heed.ts', backend: 'wasm' },
    [PLAIN]: { file: 'cnn.plain.ts', backend: 'tensorflow', stock: true },
    [PLAIN_WASM]: { file: 'cnn.plain.ts', backend: 'wasm', stock: true },
    [TORCH]: { file: 'references/cnn.torch.py' },
  },
  rows: [row(COMPILED, TORCH, { atMost: 0.9, rounds: 21 }), row(COMPILED, PLAIN), row(WASM, PLAIN_WASM, { rounds: 3 })],
};
