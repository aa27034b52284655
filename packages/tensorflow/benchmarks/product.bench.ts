const HEED = 'Heed, native';
const PLAIN = 'plain tfjs, native';

const row = (matrices: number, rows: number, inner: number, columns: number) => {
  const given = { matrices, rows, inner, columns };
  return {
    work: `${matrices === 1 ? '' : `${matrices} × `}[${rows}, ${inner}] · [${inner}, ${columns}]`,
    subject: { contender: HEED, case: given },
    reference: { contender: PLAIN, case: given },
    agree: { runs: 1, within: 1e-4 },
    rounds: 21,
    atMost: 1,
  };
};

export const benchmark = {
  title: 'Small products',
  about:
    '`tf.matMul` of float32, op by op, as `loadTensorflow()` has it and as tfjs-node has it, both on the same TensorFlow: one token and ' +
    'sixteen against a weight, the heads of a short sentence and of a small GPT’s batch.',
  contenders: {
    [HEED]: { file: 'product.ts', backend: 'tensorflow' },
    [PLAIN]: { file: 'product.ts', backend: 'tensorflow', stock: true },
  },
  rows: [row(1, 1, 384, 1536), row(1, 16, 384, 1536), row(12, 16, 32, 16), row(48, 64, 32, 64)],
};
