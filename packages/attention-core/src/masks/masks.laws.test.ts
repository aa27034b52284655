import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../random/random.ts';
import { and, not, or } from './algebra.ts';
import { bigBird } from './big-bird.ts';
import { causal } from './causal.ts';
import { documents } from './documents.ts';
import { fromPredicate } from './from-predicate.ts';
import { fromTensor } from './from-tensor.ts';
import { localWindow } from './local-window.ts';
import { wholeRegion, type Mask, type MaskRegion } from './mask.ts';
import { padding, prefix } from './padding.ts';
import { dilatedWindow, slidingWindow } from './sliding-window.ts';
import { strided } from './strided.ts';

const BATCH = 2;

/** Lengths, a mask that fits them, and a part of its region. */
const cases = fc
  .record({ queryLength: fc.integer({ min: 1, max: 9 }), keyLength: fc.integer({ min: 1, max: 9 }) })
  .chain(({ queryLength, keyLength }) => {
    const range = (length: number) =>
      fc
        .tuple(fc.nat(length - 1), fc.nat(length - 1))
        .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) + 1 }));
    return fc.record({
      mask: masksFor(queryLength, keyLength),
      other: masksFor(queryLength, keyLength),
      third: masksFor(queryLength, keyLength),
      region: fc.record({
        queries: range(queryLength),
        keys: range(keyLength),
        queryLength: fc.constant(queryLength),
        keyLength: fc.constant(keyLength),
      }),
    });
  });

function masksFor(queryLength: number, keyLength: number): fc.Arbitrary<Mask> {
  const reach = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant(Infinity));
  const known = fc.oneof(
    fc.constantFrom('bottom-right' as const, 'top-left' as const),
    fc.integer({ min: -3, max: 9 }),
  );
  const starts = fc.array(fc.integer({ min: -3, max: 9 }), { minLength: BATCH, maxLength: BATCH });
  const alignment = fc.oneof(
    known,
    starts.map((values) => tf.tensor1d(values, 'int32')),
  );
  const ids = (length: number) =>
    fc.array(fc.array(fc.nat(2), { minLength: length, maxLength: length }), { minLength: BATCH, maxLength: BATCH });
  const lengths = fc.array(fc.nat(keyLength), { minLength: BATCH, maxLength: BATCH });
  const asTensor = fc.boolean();
  const leaves: fc.Arbitrary<Mask>[] = [
    alignment.map((alignment) => causal({ alignment })),
    fc.tuple(reach, reach, alignment).map(([left, right, alignment]) => slidingWindow(left, right, { alignment })),
    fc
      .tuple(reach, reach, fc.integer({ min: 1, max: 3 }), known)
      .map(([left, right, dilation, alignment]) => dilatedWindow(left, right, dilation, { alignment })),
    fc.tuple(fc.integer({ min: 1, max: 5 }), known).map(([stride, alignment]) => strided(stride, { alignment })),
    fc.tuple(lengths, asTensor).map(([values, tensor]) => padding(tensor ? tf.tensor1d(values, 'int32') : values)),
    fc.oneof(
      fc.nat(keyLength).map(prefix),
      lengths.map((values) => prefix(tf.tensor1d(values, 'int32'))),
    ),
    fc
      .tuple(ids(keyLength), ids(queryLength), asTensor)
      .map(([k, q, tensor]) => (tensor ? documents(tf.tensor2d(k, [BATCH, keyLength], 'int32'), q) : documents(k, q))),
    fc
      .tuple(fc.double({ min: -2, max: 10, noNaN: true }), fc.double({ min: 0, max: 3, noNaN: true }))
      .map(([centre, radius]) => localWindow({ centre, radius })),
    fc.nat(100).map((seed) =>
      fromTensor(
        tf.tensor2d(
          Int32Array.from(new Random(seed).words(queryLength * keyLength), (word) => word & 1),
          [queryLength, keyLength],
          'bool',
        ),
      ),
    ),
    fc.constant(fromPredicate(({ q, k }) => tf.equal(tf.mod(tf.add(q, k), tf.scalar(3, 'int32')), 0))),
  ];
  if (queryLength === keyLength) {
    leaves.push(
      ids(keyLength).map((rows) => documents(rows)),
      fc
        .record({
          blockSize: fc.integer({ min: 1, max: 3 }),
          windowBlocks: fc.constantFrom(1, 3),
          globalBlocks: fc.nat(2),
          randomBlocks: fc.nat(2),
          seed: fc.nat(50),
        })
        .map(bigBird),
    );
  }
  const leaf = fc.oneof(...leaves);
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: fc.tuple(leaf, leaf).map(([a, b]) => and(a, b)) },
    { weight: 1, arbitrary: fc.tuple(leaf, leaf).map(([a, b]) => or(a, not(b))) },
  );
}

/** The mask of a region for both sequences of the batch, as 0 and 1. */
function grid(mask: Mask, region: MaskRegion): number[] {
  const size = [BATCH, 1, region.queries.end - region.queries.start, region.keys.end - region.keys.start];
  return tf.tidy(() => [...tf.broadcastTo(tf.cast(mask.allowed(region), 'int32'), size).dataSync()]);
}

const check = (law: (example: { mask: Mask; other: Mask; third: Mask; region: MaskRegion }) => void) =>
  fc.assert(
    fc.property(cases, (example) => {
      tf.engine().startScope();
      law(example);
      tf.engine().endScope();
    }),
    { numRuns: 150, seed: 2 },
  );

describe('every mask', () => {
  it('tells empty and full blocks as they are', () => {
    const told = { empty: 0, full: 0, mixed: 0 };
    check(({ mask, region }) => {
      const values = grid(mask, region);
      const occupancy = mask.occupancy(region);
      told[occupancy]++;
      const wrong = { empty: 1, full: 0, mixed: undefined }[occupancy];
      expect({ mask: mask.description, isRight: !values.some((value) => value === wrong) }).toEqual({
        mask: mask.description,
        isRight: true,
      });
    });
    expect(Math.min(told.empty, told.full)).toBeGreaterThan(15); // the law was tried
  });

  it('shows the band that it says it shows', () => {
    let told = 0;
    check(({ mask, region: { queryLength, keyLength } }) => {
      const band = mask.band?.(queryLength, keyLength);
      if (band === undefined) return;
      told++;
      const shown = Array.from({ length: BATCH * queryLength * keyLength }, (_, i) => {
        const offset = (i % keyLength) - (Math.floor(i / keyLength) % queryLength);
        return Number(band.low <= offset && offset <= band.high);
      });
      const values = grid(mask, wholeRegion(queryLength, keyLength));
      expect({ mask: mask.description, values }).toEqual({ mask: mask.description, values: shown });
    });
    expect(told).toBeGreaterThan(5); // the law was tried
  });

  it('gives a block what the whole has there', () => {
    check(({ mask, region }) => {
      const { queries, keys, queryLength, keyLength } = region;
      const whole = grid(mask, wholeRegion(queryLength, keyLength));
      const cut = Array.from({ length: BATCH * queryLength }, (_, row) => row)
        .filter((row) => row % queryLength >= queries.start && row % queryLength < queries.end)
        .flatMap((row) => whole.slice(row * keyLength + keys.start, row * keyLength + keys.end));
      expect({ mask: mask.description, block: grid(mask, region) }).toEqual({ mask: mask.description, block: cut });
    });
  });

  it('knows when some query may see nothing', () => {
    check(({ mask, region: { queryLength, keyLength } }) => {
      const whole = grid(mask, wholeRegion(queryLength, keyLength));
      const rows = Array.from({ length: BATCH * queryLength }, (_, i) =>
        whole.slice(i * keyLength, (i + 1) * keyLength),
      );
      const hidesAll = rows.some((row) => !row.includes(1));
      expect({ mask: mask.description, knows: !hidesAll || mask.mayHideAll(queryLength, keyLength) }).toEqual({
        mask: mask.description,
        knows: true,
      });
    });
  });

  it('obeys the laws of a Boolean algebra', () => {
    check(({ mask: a, other: b, third: c, region }) => {
      const of = (mask: Mask) => grid(mask, region);
      expect(of(and(a, b))).toEqual(of(and(b, a)));
      expect(of(or(a, b))).toEqual(of(or(b, a)));
      expect(of(and(a, or(b, c)))).toEqual(of(or(and(a, b), and(a, c))));
      expect(of(not(and(a, b)))).toEqual(of(or(not(a), not(b))));
      expect(of(not(not(a)))).toEqual(of(a));
      expect(of(and(a, a, or(a, b)))).toEqual(of(a));
      expect(of(and(a, not(a)))).toEqual(of(a).map(() => 0));
      expect(of(or(a, not(a)))).toEqual(of(a).map(() => 1));
    });
  });
});

describe('and, or, not', () => {
  it('write themselves as they were called and refuse to be empty', () => {
    expect(and(causal(), or(padding([1]), not(prefix(2)))).description).toBe(
      'and(causal(), or(padding([1]), not(prefix(2))))',
    );
    expect(() => and()).toThrow('and: at least one mask is needed, got none');
    expect(() => or()).toThrow('or: at least one mask is needed, got none');
  });
});
