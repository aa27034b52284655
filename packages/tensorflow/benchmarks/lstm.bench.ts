const COMPILED = 'Heed, compiled';
const WASM = 'Heed, WASM';
const PLAIN = 'plain tfjs, native';
const PLAIN_WASM = 'plain tfjs, WASM';
const TORCH = 'torch';

const given = { vocabulary: 65, inputs: 64, width: 128, batch: 32, steps: 50 };
const row = (subject: string, reference: string, more: object = {}) => ({
  work: 'LSTM step, T = 50',
  subject: { contender: subject, case: given },
  reference: { contender: reference, case: given },
  agree: { runs: 5, within: 1e-3 },
  rounds: 15,
  ...more,
});

export const benchmark = {
  title: 'A training step of an LSTM',
  about:
    'Predicts the next of 65 letters: embedding of 64, one LSTM layer of 128, a linear layer; 32 texts of 50 letters, Adam. torch is eager ' +
    'with `nn.LSTM`. The losses of five steps agree before anything is timed.',
  contenders: {
    [COMPILED]: { file: 'lstm.heed.ts', backend: 'tensorflow' },
    [WASM]: { file: 'lstm.heed.ts', backend: 'wasm' },
    [PLAIN]: { file: 'lstm.plain.ts', backend: 'tensorflow', stock: true },
    [PLAIN_WASM]: { file: 'lstm.plain.ts', backend: 'wasm', stock: true },
    [TORCH]: { file: 'references/lstm.torch.py' },
  },
  rows: [row(COMPILED, TORCH, { atMost: 1.5, rounds: 31 }), row(COMPILED, PLAIN), row(WASM, PLAIN_WASM, { rounds: 3 })],
};
