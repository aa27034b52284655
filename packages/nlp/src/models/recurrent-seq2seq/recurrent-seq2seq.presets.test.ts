import { describe, expect, it } from 'vitest';
import { recurrentSeq2SeqPresets, withoutAttention } from './recurrent-seq2seq.presets.ts';
import { createRecurrentSeq2Seq, type RecurrentSeq2SeqConfig } from './recurrent-seq2seq.ts';

const sizes = { sourceSize: 29, targetSize: 41 };
const count = (config: RecurrentSeq2SeqConfig) => createRecurrentSeq2Seq(config, 1).parameterCount();

describe('withoutAttention', () => {
  for (const [name, preset] of Object.entries(recurrentSeq2SeqPresets)) {
    it(`gives a model without attention of the same size within 2 % (${name})`, () => {
      const plain = withoutAttention({ ...sizes, ...preset });
      expect(plain.attention).toBe('none');
      expect(Math.abs(count(plain) / count({ ...sizes, ...preset }) - 1)).toBeLessThan(0.02);
    });
  }

  it('also for a small model with attention that costs nothing', () => {
    const config = {
      ...sizes,
      ...recurrentSeq2SeqPresets['letter-to-sound-small'],
      hiddenWidth: 16,
      attention: 'luong-dot',
    } as const;
    expect(Math.abs(count(withoutAttention(config)) / count(config) - 1)).toBeLessThan(0.05);
  });
});
