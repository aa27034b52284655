import * as tf from '@tensorflow/tfjs';
import { Random } from '../random/random.ts';
import type { Mask, MaskRegion, Range } from './mask.ts';

export interface BigBirdOptions {
  /** Positions in a block. Default 64. */
  readonly blockSize?: number;
  /** Blocks that each block sees around and including itself; odd. Default 3. */
  readonly windowBlocks?: number;
  /** Blocks at the beginning that see all and are seen by all. Default 2. */
  readonly globalBlocks?: number;
  /** Further blocks that each block sees, drawn by the seed. Default 3. */
  readonly randomBlocks?: number;
  readonly seed: number;
}

/**
 * Block-sparse attention: each block of queries sees a window of blocks around itself, the global blocks, and some random ones
 * (BigBird, Zaheer et al. 2020). The work grows linearly with the length. `and(causal(), bigBird(…))` is its causal form.
 *
 * @throws if an option is out of its range, or queries and keys are not equally many
 *
 * @example
 * ```ts
 * import { bigBird, printMask } from '@heed/attention-core';
 * printMask(bigBird({ blockSize: 1, windowBlocks: 1, globalBlocks: 1, randomBlocks: 1, seed: 7 }), 5, 5);
 * // ■ ■ ■ ■ ■
 * // ■ ■ ■ · ·
 * // ■ · ■ · ■
 * // ■ · · ■ ■
 * // ■ ■ · · ■
 * ```
 */
export function bigBird(options: BigBirdOptions): Mask {
  const { blockSize = 64, windowBlocks = 3, globalBlocks = 2, randomBlocks = 3, seed } = options;
  requireOption('blockSize', blockSize, blockSize >= 1, 'an integer ≥ 1');
  requireOption('windowBlocks', windowBlocks, windowBlocks >= 1 && windowBlocks % 2 === 1, 'an odd integer ≥ 1');
  requireOption('globalBlocks', globalBlocks, globalBlocks >= 0, 'an integer ≥ 0');
  requireOption('randomBlocks', randomBlocks, randomBlocks >= 0, 'an integer ≥ 0');
  const random = new Random(seed);
  const grids = new Map<number, Uint8Array>();

  /** Which blocks of keys (columns) each block of queries (rows) sees. */
  const gridOf = (blocks: number): Uint8Array => {
    const known = grids.get(blocks);
    if (known !== undefined) return known;
    const grid = new Uint8Array(blocks * blocks);
    const reach = (windowBlocks - 1) / 2;
    for (let row = 0; row < blocks; row++) {
      const sees = grid.subarray(row * blocks, (row + 1) * blocks);
      if (row < globalBlocks) sees.fill(1);
      sees.fill(1, 0, globalBlocks);
      sees.fill(1, Math.max(0, row - reach), row + reach + 1);
      const others = [...sees.keys()].filter((column) => sees[column] === 0);
      for (const column of random.fork(`row ${row}`).shuffle(others).slice(0, randomBlocks)) sees[column] = 1;
    }
    grids.set(blocks, grid);
    return grid;
  };
  const gridFor = ({ queryLength, keyLength }: MaskRegion) => {
    if (queryLength !== keyLength) {
      throw new Error(`bigBird: queries and keys must be equally many, got L=${queryLength}, S=${keyLength}`);
    }
    const blocks = Math.ceil(keyLength / blockSize);
    return { blocks, grid: gridOf(blocks) };
  };
  const blockRange = ({ start, end }: Range) => ({
    start: Math.floor(start / blockSize),
    end: Math.ceil(end / blockSize),
  });

  return {
    description: `bigBird({ blockSize: ${blockSize}, windowBlocks: ${windowBlocks}, globalBlocks: ${globalBlocks}, randomBlocks: ${randomBlocks}, seed: ${seed} })`,
    allowed(region) {
      const { queries, keys } = region;
      const { blocks, grid } = gridFor(region);
      const [height, width] = [queries.end - queries.start, keys.end - keys.start];
      const values = new Uint8Array(height * width);
      for (let q = 0; q < height; q++) {
        const row = Math.floor((queries.start + q) / blockSize) * blocks;
        for (let k = 0; k < width; k++) {
          values[q * width + k] = grid[row + Math.floor((keys.start + k) / blockSize)];
        }
      }
      return tf.tensor2d(values, [height, width], 'bool');
    },
    occupancy(region) {
      const { blocks, grid } = gridFor(region);
      const [rows, columns] = [blockRange(region.queries), blockRange(region.keys)];
      let seen = 0;
      for (let row = rows.start; row < rows.end; row++) {
        for (let column = columns.start; column < columns.end; column++) seen += grid[row * blocks + column];
      }
      if (seen === 0) return 'empty';
      return seen === (rows.end - rows.start) * (columns.end - columns.start) ? 'full' : 'mixed';
    },
    mayHideAll: () => false,
  };
}

function requireOption(name: string, value: number, inRange: boolean, rule: string): void {
  if (!Number.isInteger(value) || !inRange) throw new Error(`bigBird: ${name} must be ${rule}, got ${value}`);
}
