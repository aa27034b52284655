import type { Mask, MaskRegion, Range } from '../masks/mask.ts';

export interface BlockSizes {
  /** Queries in a block. */
  readonly queries: number;
  /** Most keys that are scored at once. */
  readonly keys: number;
}

/** Neighbouring keys that a block of queries sees, all of them or some. */
export interface Part extends Range {
  readonly masked: boolean;
}

/** Keys that are scored at once, in order; between the parts lie hidden ones. */
export type Strip = readonly Part[];

/** A block of queries with the keys that any of them sees. */
export interface Block {
  readonly queries: Range;
  readonly strips: readonly Strip[];
}

/** Blocks and the sizes that they were made with. */
export interface BlockPlan {
  readonly sizes: BlockSizes;
  readonly blocks: readonly Block[];
}

/** Which keys each block of queries has to look at: blocks that the mask leaves empty do not appear. */
export function planBlocks(
  lengths: Pick<MaskRegion, 'queryLength' | 'keyLength'>,
  sizes: BlockSizes,
  mask?: Mask,
): Block[] {
  const { queryLength, keyLength } = lengths;
  return ranges(0, queryLength, sizes.queries).map((queries) => {
    if (mask === undefined) {
      const parts = ranges(0, keyLength, sizes.keys).map((keys) => ({ ...keys, masked: false }));
      return { queries, strips: parts.map((part) => [part]) };
    }
    const parts: Part[] = [];
    for (const keys of ranges(0, keyLength, Math.min(sizes.queries, sizes.keys))) {
      const occupancy = mask.occupancy({ queries, keys, ...lengths });
      if (occupancy === 'empty') continue;
      const masked = occupancy === 'mixed';
      const last = parts.at(-1);
      if (last !== undefined && last.end === keys.start && last.masked === masked) {
        parts[parts.length - 1] = { ...last, end: keys.end };
      } else {
        parts.push({ ...keys, masked });
      }
    }
    return { queries, strips: packStrips(parts, sizes.keys).map(joinNeighbours) };
  });
}

/** Scores of parts are laid side by side, which costs as much as masking them: where this share is masked, neighbours become one part. */
const MASKED_SHARE = 0.25;

function joinNeighbours(strip: Strip): Strip {
  const joined: Part[][] = [];
  for (const part of strip) {
    const last = joined.at(-1);
    if (last?.at(-1)?.end === part.start) last.push(part);
    else joined.push([part]);
  }
  return joined.flatMap((run) => {
    const masked = keysOf(run.filter((part) => part.masked));
    if (run.length === 1 || masked < MASKED_SHARE * keysOf(run)) return run;
    return [{ start: run[0].start, end: run.at(-1)!.end, masked: true }];
  });
}

/** How many keys the parts have. */
export function keysOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Parts laid into strips of at most `width` keys; longer parts are cut. */
function packStrips(parts: readonly Part[], width: number): Part[][] {
  const strips: Part[][] = [];
  let room = 0;
  for (const part of parts) {
    for (let { start } = part; start < part.end;) {
      if (room === 0) {
        strips.push([]);
        room = width;
      }
      const end = Math.min(part.end, start + room);
      strips.at(-1)!.push({ ...part, start, end });
      room -= end - start;
      start = end;
    }
  }
  return strips;
}

/** From `start` to `end` in steps of `size`. */
export function ranges(start: number, end: number, size: number): Range[] {
  return Array.from({ length: Math.ceil((end - start) / size) }, (_, i) => ({
    start: start + i * size,
    end: Math.min(end, start + (i + 1) * size),
  }));
}
