const NATIVE = 'Heed, native';
const WASM = 'Heed, WASM';
const NODE = 'transformers.js, onnxruntime-node';
const WEB = 'transformers.js, onnxruntime-web';

const against = (subject: string, reference: string, work: string, given: object, more: object = {}) => ({
  work: subject === WASM ? `${work}, WASM` : work,
  subject: { contender: subject, case: given },
  reference: { contender: reference, case: given },
  agree: { runs: 1, within: 1e-3 },
  ...more,
});

/** WASM computes on one thread, and of fewer sentences. */
const rows = (subject: string, reference: string, sentences: number, atMost: readonly (number | undefined)[]) => {
  const all = { sentences, batchSize: 32 };
  const limit = (value: number | undefined) => (value === undefined ? {} : { atMost: value });
  return [
    against(subject, reference, `${sentences} sentences in batches of 32`, all, {
      rounds: 5,
      quick: { sentences: 64 },
      ...limit(atMost[0]),
    }),
    against(
      subject,
      reference,
      'one sentence at a time, each',
      { sentences: 200, batchSize: 1 },
      {
        rounds: 5,
        per: 'sentences',
        quick: { sentences: 5 },
        ...limit(atMost[1]),
      },
    ),
    against(
      subject,
      reference,
      'opening: from files to the first embedding',
      { sentences: 1, batchSize: 1 },
      {
        measure: 'opening',
        rounds: 5,
        ...limit(atMost[2]),
      },
    ),
    against(subject, reference, `${sentences} sentences in batches of 32: peak resident memory`, all, {
      measure: 'resident',
      rounds: 3,
      quick: { sentences: 64 },
      ...limit(atMost[3]),
    }),
  ];
};

export const benchmark = {
  title: 'SentenceEncoder beside transformers.js',
  about:
    'The published all-MiniLM-L6-v2, from texts to normalised embeddings, on 2,000 sentences about films (WASM: the first 500). transformers.js computes in ' +
    'float32 on the ONNX file that PyTorch exports from the same weights with dynamic axes, attention written out, all graph optimizations on: one ' +
    'at a time by its pipeline `feature-extraction` with mean pooling, in batches by the same steps with each text tokenized once. Batches are of ' +
    'sentences of similar length, in tokens, on both sides. One at a time, sentences come in the order of the data, each length having been met at ' +
    'least twice. Opening and memory are those of a fresh process. Native computes on two threads on both sides, WASM on one. Embeddings agree ' +
    'before anything is timed.',
  materials: ['minilm.materials.ts', 'references/export-onnx.py'],
  contenders: {
    [NATIVE]: { file: 'sentence-encoder.heed.ts', backend: 'tensorflow' },
    [WASM]: { file: 'sentence-encoder.heed.ts', backend: 'wasm' },
    [NODE]: { file: 'references/sentence-encoder.onnxruntime-node.ts' },
    [WEB]: { file: 'references/sentence-encoder.onnxruntime-web.ts' },
  },
  rows: [...rows(NATIVE, NODE, 2000, [0.7, 0.75, 1, 1.3]), ...rows(WASM, WEB, 500, [])],
};
