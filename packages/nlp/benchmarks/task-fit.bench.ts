const NATIVE = 'Heed, native';
const TORCH = 'torch';

const row = (work: string, given: object, quick: object) => ({
  work,
  subject: { contender: NATIVE, case: given },
  reference: { contender: TORCH, case: given },
  measure: 'resident',
  agree: { runs: 1, within: 0.05 },
  atMost: 1.2,
  quick,
});

export const benchmark = {
  title: 'Peak resident memory of fit',
  about:
    'A fresh process from the first weights to the end of so many steps of `TextGenerator.fit` and `Translator.fit`, and of a twin in eager PyTorch from the ' +
    'same weights, on the same data, with the same optimizer, dropout and clipping, batches of the same shapes. The Transformer has 3 + 3 layers, 256 wide, ' +
    '8,000 tokens, and 6 shapes, the largest of which is rare. Each side draws its own order and dropout: the mean losses of the first and the last third ' +
    'of the steps agree within 5 %.',
  materials: ['task-fit.materials.ts'],
  contenders: {
    [NATIVE]: { file: 'task-fit.heed.ts', backend: 'tensorflow' },
    [TORCH]: { file: 'references/task-fit.torch.py' },
  },
  rows: [
    row('GPT 6 × 384, batch 8 × 128, 30 steps', { model: 'gpt', steps: 30, batchSize: 8 }, { steps: 2 }),
    row(
      'Transformer on Multi30k, batch 128, 227 steps: an epoch',
      { model: 'transformer', steps: 227, batchSize: 128 },
      { steps: 3, batchSize: 16 },
    ),
  ],
};
