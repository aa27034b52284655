import {
  and,
  bigBird,
  causal,
  dilatedWindow,
  documents,
  not,
  or,
  padding,
  prefix,
  slidingWindow,
  strided,
  wholeRegion,
  type Mask,
} from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { MaskName } from './mask-names.ts';

export interface MaskWorkshopOptions {
  readonly first: MaskName;
  /** Whether each is turned round. */
  readonly notFirst: boolean;
  readonly second: MaskName | 'none';
  readonly notSecond: boolean;
  readonly join: 'and' | 'or';
  /** L = S. */
  readonly length: number;
  /** Size of the blocks that attention may skip. */
  readonly block: number;
}

export interface MaskWorkshop {
  readonly description: string;
  /** 1 where the query (row) may see the key (column), [length × length]. */
  readonly allowed: Uint8Array;
  /** What is known of each block without looking at it, row by row. */
  readonly blocks: readonly ('empty' | 'full' | 'mixed')[];
  /** The part of blocks that the blockwise path never computes. */
  readonly skipped: number;
}

function make(name: MaskName, length: number): Mask {
  const third = Math.max(1, Math.floor(length / 3));
  switch (name) {
    case 'causal':
      return causal();
    case 'sliding window':
      return slidingWindow(Math.max(1, Math.floor(length / 8)), 0);
    case 'dilated window':
      return dilatedWindow(3, 0, 2);
    case 'padding':
      return padding([length - third]);
    case 'prefix':
      return prefix(third);
    case 'strided':
      return strided(4);
    case 'documents':
      return documents([Array.from({ length }, (_, i) => Math.floor(i / third))]);
    case 'BigBird':
      return bigBird({ blockSize: 2, windowBlocks: 3, globalBlocks: 1, randomBlocks: 1, seed: 7 });
  }
}

/** Combines masks and tells what each query may see and which blocks are skipped. */
export function maskWorkshop(options: MaskWorkshopOptions): MaskWorkshop {
  const { first, notFirst, second, notSecond, join, length, block } = options;
  const one = notFirst ? not(make(first, length)) : make(first, length);
  const other = second === 'none' ? undefined : notSecond ? not(make(second, length)) : make(second, length);
  const mask = other === undefined ? one : join === 'and' ? and(one, other) : or(one, other);
  const region = wholeRegion(length, length);
  const allowed = tf.tidy(() => {
    const whole = tf.broadcastTo(tf.cast(mask.allowed(region), 'int32'), [1, 1, length, length]);
    return Uint8Array.from(whole.dataSync());
  });
  const starts = Array.from({ length: Math.ceil(length / block) }, (_, i) => i * block);
  const range = (start: number) => ({ start, end: Math.min(start + block, length) });
  const blocks = starts.flatMap((row) =>
    starts.map((column) => mask.occupancy({ ...region, queries: range(row), keys: range(column) })),
  );
  const skipped = blocks.filter((occupancy) => occupancy === 'empty').length / blocks.length;
  return { description: mask.description, allowed, blocks, skipped };
}
