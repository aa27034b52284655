const HEED = 'with Heed’s kernels';
const ALONE = 'tfjs alone';

const NAMES = [
  'matMul, [256, 1024] · [1024, 256]',
  'matMul, 8 × [256, 1024] · [1024, 64]',
  'matMul, one side transposed',
  'matMul, one row',
  'exp',
  'tanh',
  'maximum with a row',
  'minimum of two',
  'sum over the first dimensions',
  'mean over the middle dimension',
  'transpose',
  'transpose in batches',
  'slice of rows',
  'slice of columns',
  'tile',
  'gather of rows',
  'clone',
  'max pooling, gradient',
];

export const benchmark = {
  title: 'Operations on WASM',
  about: 'Every kernel of tfjs that Heed replaces, on 2 million numbers; one thread.',
  contenders: {
    [HEED]: { file: 'operations.plain.ts', backend: 'wasm' },
    [ALONE]: { file: 'operations.plain.ts', backend: 'wasm', stock: true },
  },
  rows: NAMES.map((operation) => ({
    work: operation,
    subject: { contender: HEED, case: { operation } },
    reference: { contender: ALONE, case: { operation } },
    atMost: 1,
    rounds: 9,
  })),
};
