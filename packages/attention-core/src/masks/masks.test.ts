import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { and, or } from './algebra.ts';
import { bigBird } from './big-bird.ts';
import { causal } from './causal.ts';
import { documents } from './documents.ts';
import { fromPredicate } from './from-predicate.ts';
import { fromTensor } from './from-tensor.ts';
import { printMask, wholeRegion } from './mask.ts';
import { padding, prefix } from './padding.ts';
import { dilatedWindow, slidingWindow } from './sliding-window.ts';
import { strided } from './strided.ts';

const grid = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join('\n');

describe('masks print', () => {
  it('causal, with either alignment and with keys that a cache held', () => {
    expect(printMask(causal(), 2, 3)).toBe('■ ■ ·\n■ ■ ■');
    expect(printMask(causal({ alignment: 'top-left' }), 2, 3)).toBe('■ · ·\n■ ■ ·');
    expect(printMask(causal({ alignment: 2 }), 1, 4)).toBe('■ ■ ■ ·');
    expect(printMask(causal({ alignment: tf.scalar(2, 'int32') }), 1, 4)).toBe('■ ■ ■ ·');
    const perSequence = causal({ alignment: tf.tensor1d([0, 2], 'int32') }).allowed(wholeRegion(1, 3));
    expect(tf.cast(perSequence, 'int32').arraySync()).toEqual([[[[1, 0, 0]]], [[[1, 1, 1]]]]);
    expect(causal({ alignment: 'top-left' }).description).toBe("causal({ alignment: 'top-left' })");
  });

  it('a sliding window', () => {
    expect(printMask(slidingWindow(1), 4, 4)).toBe(
      grid(`
      ■ ■ · ·
      ■ ■ ■ ·
      · ■ ■ ■
      · · ■ ■`),
    );
    expect(printMask(slidingWindow(2, 0), 2, 4)).toBe('■ ■ ■ ·\n· ■ ■ ■');
    expect(slidingWindow(2, 0).description).toBe('slidingWindow(2, 0)');
  });

  it('strided and dilated patterns', () => {
    expect(printMask(strided(3), 4, 4)).toBe(
      grid(`
      ■ · · ■
      · ■ · ·
      · · ■ ·
      ■ · · ■`),
    );
    expect(printMask(dilatedWindow(1, 0, 2), 4, 4)).toBe(
      grid(`
      ■ · · ·
      · ■ · ·
      ■ · ■ ·
      · ■ · ■`),
    );
    // Child et al. 2019, figure 3 (b), with stride 3
    expect(printMask(and(causal(), or(slidingWindow(2, 0), strided(3))), 5, 5)).toBe(
      grid(`
      ■ · · · ·
      ■ ■ · · ·
      ■ ■ ■ · ·
      ■ ■ ■ ■ ·
      · ■ ■ ■ ■`),
    );
  });

  it('a prefix that sees itself both ways', () => {
    expect(printMask(or(causal(), prefix(2)), 3, 3)).toBe('■ ■ ·\n■ ■ ·\n■ ■ ■');
    const perSequence = prefix(tf.tensor1d([1, 0], 'int32')).allowed(wholeRegion(1, 2));
    expect(tf.cast(perSequence, 'int32').arraySync()).toEqual([[[[1, 0]]], [[[0, 0]]]]);
  });

  it('packed documents', () => {
    expect(printMask(documents([[0, 0, 1, 1]]), 4, 4)).toBe(
      grid(`
      ■ ■ · ·
      ■ ■ · ·
      · · ■ ■
      · · ■ ■`),
    );
    expect(printMask(documents([[5, 7]], [[7]]), 1, 2)).toBe('· ■');
    expect(printMask(and(causal(), documents(tf.tensor2d([[3, 3, 1]], [1, 3], 'int32'))), 3, 3)).toBe(
      '■ · ·\n■ ■ ·\n· · ■',
    );
  });

  it('BigBird: a window, global blocks, random blocks, the same for the same seed', () => {
    const pattern = (randomBlocks: number, seed: number) =>
      bigBird({ blockSize: 2, windowBlocks: 3, globalBlocks: 1, randomBlocks, seed });
    expect(printMask(pattern(0, 1), 9, 9)).toBe(
      grid(`
      ■ ■ ■ ■ ■ ■ ■ ■ ■
      ■ ■ ■ ■ ■ ■ ■ ■ ■
      ■ ■ ■ ■ ■ ■ · · ·
      ■ ■ ■ ■ ■ ■ · · ·
      ■ ■ ■ ■ ■ ■ ■ ■ ·
      ■ ■ ■ ■ ■ ■ ■ ■ ·
      ■ ■ · · ■ ■ ■ ■ ■
      ■ ■ · · ■ ■ ■ ■ ■
      ■ ■ · · · · ■ ■ ■`),
    );
    const text = (seed: number) => printMask(pattern(2, seed), 40, 40);
    expect(text(4)).toBe(text(4));
    expect(text(4)).not.toBe(text(5));
    const blocksSeen = text(4)
      .split('\n')
      .slice(10)
      .map((line) =>
        line
          .split(' ')
          .filter((_, k) => k % 2 === 0)
          .join('')
          .replaceAll('·', ''),
      );
    expect(Math.max(...blocksSeen.map((blocks) => blocks.length))).toBe(1 + 3 + 2);
  });

  it('tensors and predicates', () => {
    expect(printMask(fromTensor(tf.tensor2d([[1, 0]], [1, 2], 'int32')), 2, 2)).toBe('■ ·\n■ ·');
    expect(printMask(fromTensor(tf.tensor3d([[[0, 1]], [[1, 0]]], [2, 1, 2], 'bool')), 1, 2)).toBe('· ■');
    expect(
      printMask(
        fromPredicate(({ q, k }) => tf.notEqual(q, k)),
        2,
        2,
      ),
    ).toBe('· ■\n■ ·');
  });
});

describe('masks refuse', () => {
  it.each([
    [() => padding([2, -1]), 'padding: lengths must be non-negative integers, got -1'],
    [() => padding(tf.zeros([1, 2]) as unknown as tf.Tensor1D), 'padding: lengths must have shape [B], got [1,2]'],
    [() => prefix(1.5), 'prefix: n must be a non-negative integer or a tensor [B], got 1.5'],
    [() => slidingWindow(-1), 'slidingWindow: left must be an integer ≥ 0 or Infinity, got -1'],
    [() => dilatedWindow(1, 0.5, 2), 'dilatedWindow: right must be an integer ≥ 0 or Infinity, got 0.5'],
    [() => strided(0), 'strided: stride must be a positive integer, got 0'],
    [() => strided(2, { alignment: tf.scalar(1) }), 'strided: alignment must be known, got a tensor'],
    [() => causal({ alignment: 0.5 }), "causal: alignment must be 'bottom-right', 'top-left', an integer or a tensor"],
    [() => documents([[0, 1], [0]]), 'documents: ids must be rows of one length, got lengths [2, 1]'],
    [() => printMask(documents([[0, 1]]), 3, 3), 'documents: ids must be as many as positions, got 2 for 3'],
    [() => bigBird({ seed: 1, windowBlocks: 2 }), 'bigBird: windowBlocks must be an odd integer ≥ 1, got 2'],
    [() => printMask(bigBird({ seed: 1 }), 2, 3), 'bigBird: queries and keys must be equally many, got L=2, S=3'],
    [
      () => fromTensor(tf.zeros([2], 'bool')),
      'fromTensor: tensor must have shape [L, S], [B, L, S] or [B, H, L, S], got [2]',
    ],
    [() => fromTensor(tf.zeros([2, 3])), 'fromTensor: tensor must be boolean, or int32 with 0 and 1, got float32'],
    [
      () => printMask(fromTensor(tf.zeros([2, 3], 'bool')), 2, 4),
      'fromTensor: mask [2,3] does not fit 2 queries and 4 keys',
    ],
  ])('what cannot be a mask (%#)', (make, message) => {
    expect(make).toThrow(message);
  });
});
