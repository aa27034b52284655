const NATIVE = 'Heed, native';
const TORCH = 'torch';

const row = (work: string, beams: number, count: number) => {
  const given = { beams, count, batchSize: 64 };
  return {
    work,
    subject: { contender: NATIVE, case: given },
    reference: { contender: TORCH, case: given },
    agree: { runs: 1, within: 0, otherTexts: 0.01 },
    atMost: 0.8,
    rounds: 5,
    quick: { count: 16 },
  };
};

export const benchmark = {
  title: 'Translator beside PyTorch',
  about:
    'A Transformer of 3 + 3 layers, 256 wide, 8,000 tokens, trained for 200 steps; German descriptions of Multi30k to English, texts in, texts out. ' +
    'torch is eager, in inference mode, with a key/value cache of fixed size, fused attention and tokenizers in Rust. The same weights, batches of 64 ' +
    'texts of similar length and rules of search on both sides, two threads. Translations are compared before anything is timed: at most one of a ' +
    'hundred may be another that is as good but for rounding.',
  materials: ['translator.materials.ts'],
  contenders: {
    [NATIVE]: { file: 'translator.heed.ts', backend: 'tensorflow' },
    [TORCH]: { file: 'references/translator.torch.py' },
  },
  rows: [row('greedy, 1,000 texts', 1, 1000), row('4 beams, 256 texts', 4, 256)],
};
