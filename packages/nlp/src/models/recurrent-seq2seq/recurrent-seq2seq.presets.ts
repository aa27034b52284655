import { createRecurrentSeq2Seq, type RecurrentSeq2SeqConfig } from './recurrent-seq2seq.ts';

/** Everything but the number of symbols. */
export type RecurrentSeq2SeqPreset = Omit<RecurrentSeq2SeqConfig, 'sourceSize' | 'targetSize'>;

/** Settings that results and examples of this package use. */
export const recurrentSeq2SeqPresets = {
  /** Letters to phonemes in a minute or two on two cores: 0.26 M weights. */
  'letter-to-sound-small': {
    cell: 'gru',
    bidirectional: true,
    embeddingWidth: 64,
    hiddenWidth: 128,
    attention: 'bahdanau',
    window: 'global',
    windowRadius: 3,
    contextEveryStep: false,
    dropout: 0.1,
  },
  /** The ledger's: 0.9 M weights. */
  'letter-to-sound': {
    cell: 'gru',
    bidirectional: true,
    embeddingWidth: 64,
    hiddenWidth: 256,
    attention: 'bahdanau',
    window: 'global',
    windowRadius: 3,
    contextEveryStep: false,
    dropout: 0.2,
  },
} as const satisfies Record<string, RecurrentSeq2SeqPreset>;

/**
 * The honest baseline of a model with attention: the same model without, widened until it has as many weights.
 *
 * @returns the config whose number of weights is closest
 */
export function withoutAttention(config: RecurrentSeq2SeqConfig): RecurrentSeq2SeqConfig {
  const plain = (half: number): RecurrentSeq2SeqConfig => ({
    ...config,
    attention: 'none',
    window: 'global',
    hiddenWidth: 2 * half,
  });
  // Every weight matrix has widths for sides, so the count is a polynomial of degree 2 in the width: three small models tell it.
  const [one, two, three] = [1, 2, 3].map((half) => countWeights(plain(half)));
  const square = (three - 2 * two + one) / 2;
  const linear = two - one - 3 * square;
  const rest = one - square - linear - countWeights(config);
  return plain(Math.round((Math.sqrt(linear ** 2 - 4 * square * rest) - linear) / (2 * square)));
}

function countWeights(config: RecurrentSeq2SeqConfig): number {
  const model = createRecurrentSeq2Seq(config, 0);
  const count = model.parameterCount();
  model.dispose();
  return count;
}
