const HEED = 'Heed, native';
const WASM = 'Heed, WASM';

const against = (work: string, contender: string, given: object) => ({
  work,
  subject: { contender, case: { ...given, cache: true } },
  reference: { contender, case: { ...given, cache: false } },
  rounds: 3,
});

const letters = { config: {}, prompt: 4, tokens: 60 };
const words = {
  config: { vocabularySize: 8000, maximumLength: 256, modelWidth: 384, layers: 6, heads: 6, feedForwardWidth: 1536 },
  prompt: 64,
  tokens: 64,
};

export const benchmark = {
  title: 'Generation with the key/value cache against without',
  about:
    'Milliseconds for all tokens, recording the step included. Letters: 4 layers, 128 wide, 60 tokens after 4. Words: 6 layers, 384 wide, 8,000 ' +
    'tokens, 64 after 64.',
  contenders: {
    [HEED]: { file: 'generation.heed.ts', backend: 'tensorflow' },
    [WASM]: { file: 'generation.heed.ts', backend: 'wasm' },
  },
  rows: [
    against('letters', HEED, letters),
    against('words', HEED, words),
    against('letters', WASM, letters),
    against('words', WASM, words),
  ],
};
