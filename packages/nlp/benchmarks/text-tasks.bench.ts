const NATIVE = 'Heed, native';
const TRANSFORMERS = 'transformers, torch';

const row = (work: string, task: string, count: number) => {
  const given = { task, count, batchSize: 32 };
  return {
    work,
    subject: { contender: NATIVE, case: given },
    reference: { contender: TRANSFORMERS, case: given },
    agree: { runs: 1, within: 1e-3 },
    atMost: 0.9,
    rounds: 5,
    quick: { count: 32 },
  };
};

export const benchmark = {
  title: 'Classifier, tagger and question answerer beside Python transformers',
  about:
    'all-MiniLM-L6-v2 with seeded last layers, the same weights on both sides, from texts to labels and answers: sentences about films, for questions ' +
    'four of them each. transformers has its tokenizers in Rust, on all cores, PyTorch’s fused attention and `inference_mode`; both sides read batches ' +
    'of 32 of similar length, on two threads. Labels, probabilities, answers and their scores are compared before anything is timed.',
  materials: ['minilm.materials.ts', 'references/seeded-heads.py'],
  contenders: {
    [NATIVE]: { file: 'text-tasks.heed.ts', backend: 'tensorflow' },
    [TRANSFORMERS]: { file: 'references/text-tasks.transformers.py' },
  },
  rows: [
    row('TextClassifier: 2,000 sentences', 'classifier', 2000),
    row('TokenTagger: 2,000 sentences', 'tagger', 2000),
    row('QuestionAnswerer: 500 questions', 'answerer', 500),
  ],
};
