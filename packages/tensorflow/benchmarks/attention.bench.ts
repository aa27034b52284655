const COMPILED = 'Heed, compiled';
const PLAIN = 'plain tfjs, native';
const TORCH = 'torch, fused';

const row = (length: number, gradient: boolean, reference: string, more: object = {}) => {
  const given = { heads: 8, length, width: 64, gradient };
  return {
    work: `${gradient ? 'forward and backward' : 'forward'}, L = ${length}`,
    subject: { contender: COMPILED, case: given },
    reference: { contender: reference, case: given },
    agree: { runs: 3, within: 1e-4 },
    rounds: 11,
    ...more,
  };
};

export const benchmark = {
  title: 'Attention, compiled',
  about:
    '8 heads of width 64, one sequence, float32, two threads, against `torch.nn.functional.scaled_dot_product_attention`. Results and ' +
    'gradients agree before anything is timed.',
  contenders: {
    [COMPILED]: { file: 'attention.heed.ts', backend: 'tensorflow' },
    [PLAIN]: { file: 'attention.plain.ts', backend: 'tensorflow', stock: true },
    [TORCH]: { file: 'references/attention.torch.py' },
  },
  rows: [
    row(1024, false, TORCH, { atMost: 1.4, rounds: 21 }),
    row(2048, false, TORCH, { atMost: 1.4 }),
    row(1024, true, TORCH, { atMost: 1, rounds: 21 }),
    row(2048, true, TORCH, { atMost: 1 }),
    {
      work: 'sliding window of 256 against full causal, L = 4096',
      subject: { contender: COMPILED, case: { heads: 8, length: 4096, width: 64, gradient: false, window: 255 } },
      reference: { contender: COMPILED, case: { heads: 8, length: 4096, width: 64, gradient: false, window: 'all' } },
      atMost: 0.25,
      rounds: 9,
    },
    row(1024, false, PLAIN),
    row(1024, true, PLAIN),
  ],
};
