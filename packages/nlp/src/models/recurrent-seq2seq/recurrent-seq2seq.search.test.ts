import { beamSearch, greedySearch } from '@heed/tasks';
import { expect, describe, it } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import { createRecurrentSeq2Seq, type RecurrentSeq2SeqConfig } from './recurrent-seq2seq.ts';

const [START, END] = [0, 1];
const TARGETS = 4; // start, end and two symbols

const config: RecurrentSeq2SeqConfig = {
  sourceSize: 5,
  targetSize: TARGETS,
  cell: 'lstm',
  bidirectional: true,
  embeddingWidth: 4,
  hiddenWidth: 6,
  attention: 'luong-general',
  window: 'global',
  windowRadius: 1,
  contextEveryStep: false,
  dropout: 0,
};
const model = createRecurrentSeq2Seq(config, 11);
// an untrained model is indifferent; this one has opinions
for (const { variable } of model.namedParameters()) variable.assign(tf.mul(variable, 3) as tf.Tensor2D);

const sources = [[1, 2, 3, 4], [4, 2], [3]];
const batchOf = (rows: number[][]) => {
  const width = Math.max(...rows.map(({ length }) => length));
  return {
    source: tf.tensor2d(
      rows.map((row) => [...row, ...Array<number>(width - row.length).fill(0)]),
      [rows.length, width],
      'int32',
    ),
    sourceLengths: tf.tensor1d(
      rows.map(({ length }) => length),
      'int32',
    ),
  };
};

/** ln p of a target, its end included unless it was cut off, by teacher forcing. */
function logProbability(source: number[], symbols: readonly number[], ended: boolean): number {
  const written = ended ? [...symbols, END] : symbols;
  const targetInputs = tf.tensor2d([[START, ...written.slice(0, -1)]], undefined, 'int32');
  const logits = model.forward({ ...batchOf([source]), targetInputs });
  const all = tf.logSoftmax(logits).arraySync()[0];
  return written.reduce((sum, symbol, step) => sum + all[step][symbol], 0);
}

/** Every target of at most `longest` symbols, the end included; cut-off ones have `longest` symbols and no end. */
function everyTarget(longest: number): { symbols: number[]; ended: boolean }[] {
  const grow = (symbols: number[]): { symbols: number[]; ended: boolean }[] => {
    if (symbols.length === longest) return [{ symbols, ended: false }];
    const further = [START, 2, 3].flatMap((symbol) => grow([...symbols, symbol]));
    return [{ symbols, ended: true }, ...further];
  };
  return grow([]);
}

describe('beamSearch', () => {
  for (const lengthPenalty of [0, 1, -0.5]) {
    it(`finds what trying every target finds, with a length penalty of ${lengthPenalty}`, async () => {
      const longest = 3;
      const beams = 27; // nothing is ever dropped: 3³ unfinished beginnings
      const found = await beamSearch(model, batchOf(sources), {
        start: START,
        end: END,
        maximumLength: longest,
        beams,
        lengthPenalty,
      });
      for (const [i, source] of sources.entries()) {
        const tried = everyTarget(longest).map(({ symbols, ended }) => {
          const logP = logProbability(source, symbols, ended);
          return { symbols, ended, score: logP / (symbols.length + (ended ? 1 : 0)) ** lengthPenalty };
        });
        const best = [...tried].sort((a, b) => Number(b.ended) - Number(a.ended) || b.score - a.score).slice(0, beams);
        expect(found[i].map(({ symbols }) => symbols)).toEqual(best.map(({ symbols }) => symbols));
        expect(found[i].map(({ score }) => score)).toBeAllClose(best.map(({ score }) => score));
      }
    });
  }

  it('gives hypotheses in order of their scores, each with the log-probability that teacher forcing gives', async () => {
    const found = await beamSearch(model, batchOf(sources), { start: START, end: END, maximumLength: 8, beams: 3 });
    for (const [i, hypotheses] of found.entries()) {
      expect(hypotheses).toHaveLength(3);
      expect(new Set(hypotheses.map(({ symbols }) => symbols.join(' '))).size).toBe(3);
      for (const [rank, { symbols, logProbability: given, score, ended }] of hypotheses.entries()) {
        expect(given).toBeCloseTo(logProbability(sources[i], symbols, ended), 4);
        expect(score).toBeLessThanOrEqual(hypotheses[Math.max(0, rank - 1)].score);
      }
    }
  });

  it('finds nothing less probable than greedy search', async () => {
    const options = { start: START, end: END, maximumLength: 8 };
    const greedy = await greedySearch(model, batchOf(sources), options);
    const beams = await beamSearch(model, batchOf(sources), { ...options, beams: 4 });
    for (const [i, { logProbability: given, ended }] of greedy.entries()) {
      const least = ended ? given - 1e-5 : -Infinity; // a longer one may be cut off
      expect(beams[i][0].logProbability).toBeGreaterThanOrEqual(least);
    }
  });

  it('treats the sources of a batch independently', async () => {
    const options = { start: START, end: END, maximumLength: 6, beams: 3 };
    const together = await beamSearch(model, batchOf(sources), options);
    for (const [i, source] of sources.entries()) {
      const [alone] = await beamSearch(model, batchOf([source]), options);
      expect(alone.map(({ symbols }) => symbols)).toEqual(together[i].map(({ symbols }) => symbols));
    }
  });

  it('works without attention too', async () => {
    const plain = createRecurrentSeq2Seq({ ...config, attention: 'none' }, 11);
    const options = { start: START, end: END, maximumLength: 5 };
    const [beams, greedy] = await Promise.all([
      beamSearch(plain, batchOf(sources), { ...options, beams: 3 }),
      greedySearch(plain, batchOf(sources), options),
    ]);
    expect(beams.map((hypotheses) => hypotheses.length)).toEqual([3, 3, 3]);
    expect(greedy).toHaveLength(3);
  });

  it('frees every tensor, also when it is aborted', async () => {
    const batch = batchOf(sources);
    const before = tf.memory().numTensors;
    const options = { start: START, end: END, maximumLength: 4, beams: 2 };
    await beamSearch(model, batch, options);
    await greedySearch(model, batch, options);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(beamSearch(model, batch, { ...options, signal })).rejects.toThrow('enough');
    await expect(greedySearch(model, batch, { ...options, signal })).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [{ beams: 0 }, 'beamSearch: beams must be a positive integer, got 0'],
    [{ maximumLength: 1.5 }, 'beamSearch: maximumLength must be a positive integer, got 1.5'],
    [{ lengthPenalty: NaN }, 'beamSearch: lengthPenalty must be a finite number, got NaN'],
    [{ groups: 3 }, 'beamSearch: groups must divide beams=2, got 3'],
    [{ diversity: -1 }, 'beamSearch: diversity must be a finite number of at least 0, got -1'],
  ])('refuses %j', async (change, message) => {
    const options = { start: START, end: END, maximumLength: 4, beams: 2, ...change };
    await expect(beamSearch(model, batchOf(sources), options)).rejects.toThrow(message);
  });
});

describe('beamSearch in groups', () => {
  // Whatever was written, the symbols 2, 3 and 4 come next with probabilities 0.5, 0.3 and 0.2.
  const memoryless = {
    encode: () => undefined,
    begin: () => tf.zeros([1]),
    step: (symbols: tf.Tensor1D) => ({
      logits: tf.tile(tf.log(tf.tensor2d([[1e-9, 1e-9, 0.5, 0.3, 0.2]])), [symbols.size, 1]) as tf.Tensor2D,
      state: tf.zeros([symbols.size]),
    }),
  };
  const search = (change: object) =>
    beamSearch(memoryless, batchOf([[1]]), {
      start: START,
      end: END,
      maximumLength: 1,
      beams: 3,
      groups: 3,
      ...change,
    });

  it('takes a symbol for each beam of an earlier group that took it down by the diversity', async () => {
    // ln 0.5 = −0.69, ln 0.3 = −1.20, ln 0.2 = −1.61. With 0.6 the second group takes 3, as −1.20 > −0.69 − 0.6; the third takes 2 again, for
    // which 2 stands at −1.29, 3 at −1.80 and 4 at −1.61.
    const [found] = await search({ diversity: 0.6 });
    expect(found.map(({ symbols }) => symbols)).toEqual([[2], [3]]);
    const [apart] = await search({ diversity: 2 });
    expect(apart.map(({ symbols }) => symbols)).toEqual([[2], [3], [4]]);
    expect(apart.map(({ logProbability }) => logProbability)).toBeAllClose([0.5, 0.3, 0.2].map(Math.log));
  });

  it('finds in every group the same without diversity', async () => {
    const [found] = await search({ diversity: 0 });
    expect(found.map(({ symbols }) => symbols)).toEqual([[2]]);
    const options = { start: START, end: END, maximumLength: 6 };
    const inGroups = await beamSearch(model, batchOf(sources), { ...options, beams: 4, groups: 2, diversity: 0 });
    const inOne = await beamSearch(model, batchOf(sources), { ...options, beams: 2 });
    const symbolsOf = (found: typeof inOne) => found.map((hypotheses) => hypotheses.map(({ symbols }) => symbols));
    expect(symbolsOf(inGroups)).toEqual(symbolsOf(inOne));
    const scoresOf = (found: typeof inOne) => found.flatMap((hypotheses) => hypotheses.map(({ score }) => score));
    expect(scoresOf(inGroups)).toBeAllClose(scoresOf(inOne)); // batches of other sizes are rounded otherwise
  });
});

describe('greedySearch', () => {
  it('takes the most probable symbol of every step', async () => {
    const [found] = await greedySearch(model, batchOf([sources[0]]), { start: START, end: END, maximumLength: 6 });
    const written = found.ended ? [...found.symbols, END] : found.symbols;
    const targetInputs = tf.tensor2d([[START, ...written.slice(0, -1)]], undefined, 'int32');
    const logits = model.forward({ ...batchOf([sources[0]]), targetInputs });
    expect(Array.from(tf.argMax(logits, 2).dataSync())).toEqual([...written]);
  });

  it('says when it was cut off', async () => {
    const [found] = await greedySearch(model, batchOf([sources[0]]), { start: START, end: -1, maximumLength: 3 });
    expect(found).toMatchObject({ ended: false });
    expect(found.symbols).toHaveLength(3);
  });
});
