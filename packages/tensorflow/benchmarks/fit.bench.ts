const HEED = 'Heed, compiled';
const TORCH = 'torch';

const gpt = {
  model: 'gpt',
  layers: 6,
  width: 384,
  heads: 6,
  batch: 8,
  length: 128,
  vocabulary: 65,
  dropout: 0,
  steps: 12,
};
const transformer = {
  model: 'transformer',
  layers: 3,
  width: 256,
  heads: 8,
  inner: 512,
  vocabulary: 8000,
  dropout: 0.15,
  labelSmoothing: 0.1,
  batch: 128,
  lengths: [
    [12, 12],
    [15, 15],
    [19, 19],
    [24, 24],
    [31, 31],
    [53, 49],
  ],
  steps: 12,
};

const row = (work: string, given: object, within: number) => ({
  work,
  subject: { contender: HEED, case: given },
  reference: { contender: TORCH, case: given },
  agree: { runs: 1, within },
  measure: 'memory',
  atMost: 1.2,
});

export const benchmark = {
  title: 'Memory of a training',
  about:
    'What a fresh process grows by, at its peak, in a whole training by `train()`: the model is made, every shape is recorded and replayed, ' +
    'gradients are clipped, Adam updates. The Transformer has the sizes of Multi30k’s, its six shapes of batches, one table of 8,000 ' +
    'embeddings, dropout and label smoothing. torch is eager. All begin with the same weights, and the losses of all steps agree within ' +
    '0.1 % (with dropout, where each draws its own numbers, within 5 %).',
  contenders: {
    [HEED]: { file: 'fit.heed.ts', backend: 'tensorflow' },
    [TORCH]: { file: 'references/fit.torch.py' },
  },
  rows: [
    row('GPT, 6 × 384, batch 8 × 128, peak memory', gpt, 1e-3),
    row('Transformer, 3 + 3 × 256, batch 128, six shapes, peak memory', transformer, 0.05),
  ],
};
