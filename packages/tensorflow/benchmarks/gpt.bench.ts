const COMPILED = 'Heed, compiled';
const WASM = 'Heed, WASM';
const PLAIN = 'plain tfjs, native';
const PLAIN_WASM = 'plain tfjs, WASM';
const TORCH = 'torch';

const small = { layers: 4, width: 128, heads: 4, batch: 12, length: 64, vocabulary: 65, dropout: 0, compiled: true };
const large = { ...small, layers: 6, width: 384, heads: 6, batch: 8, length: 128 };
const named = ({ layers, width, batch, length }: typeof small) =>
  `GPT step, ${layers} × ${width}, batch ${batch} × ${length}`;

const row = (work: string, subject: string, own: object, reference: string, other: object, more: object = {}) => ({
  work,
  subject: { contender: subject, case: own },
  reference: { contender: reference, case: other },
  agree: { runs: 5, within: 1e-3 },
  rounds: 15,
  ...more,
});
const [eager, xla] = ['eager', 'xla'].map((mode) => ({ ...small, mode }));
const dropped = { ...small, dropout: 0.1 };

export const benchmark = {
  title: 'A training step of a GPT',
  about:
    'Loss, gradients and Adam, float32, two threads, WASM one. torch is eager, in the form of nanoGPT, with `torch.optim.Adam` as it ' +
    'comes. Plain tfjs is the model in stock ops with their gradients and `tf.train.adam`. All begin with the same weights; the losses of ' +
    'five steps agree within 0.1 % before anything is timed (with dropout, where each draws its own numbers, within 5 %).',
  contenders: {
    [COMPILED]: { file: 'gpt.heed.ts', backend: 'tensorflow' },
    [WASM]: { file: 'gpt.heed.ts', backend: 'wasm' },
    [PLAIN]: { file: 'gpt.plain.ts', backend: 'tensorflow', stock: true },
    [PLAIN_WASM]: { file: 'gpt.plain.ts', backend: 'wasm', stock: true },
    [TORCH]: { file: 'references/gpt.torch.py' },
  },
  rows: [
    row(named(small), COMPILED, small, TORCH, small, { atMost: 1, rounds: 11 }),
    row(`${named(small)}, dropout 0.1`, COMPILED, dropped, TORCH, dropped, {
      atMost: 1,
      rounds: 11,
      agree: { runs: 5, within: 0.05 },
    }),
    row(named(large), COMPILED, large, TORCH, large, { atMost: 1, rounds: 9 }),
    row(`${named(small)}, not compiled`, COMPILED, { ...small, compiled: false }, TORCH, small, { atMost: 1.8 }),
    {
      work: `${named(small)}, not compiled: operations`,
      subject: { contender: COMPILED, case: { ...small, compiled: false } },
      measure: 'operations',
      atMost: 699,
    },
    row(named(small), COMPILED, small, PLAIN, eager),
    row(`${named(small)}, plain tfjs inside \`compile\``, PLAIN, { ...small, mode: 'compiled' }, PLAIN, eager),
    row(`${named(small)}, plain tfjs inside \`compile\`, XLA`, PLAIN, xla, PLAIN, eager),
    row(named(small), WASM, small, PLAIN_WASM, eager, { rounds: 5 }),
  ],
};
