import * as tf from '@tensorflow/tfjs';
import type { Mask, MaskRegion, Range } from '../masks/mask.ts';
import { greatestScores } from '../normalisers/visible.ts';
import type { Strip } from './block-plan.ts';

/** What a mask says of a block; broadcastable to [B, H, queries, keys]. */
export interface BlockMask {
  /** Boolean. */
  readonly allowed: tf.Tensor;
  /** What each score may be at most. */
  readonly greatest: tf.Tensor;
}

/** Runs one pass over the blocks; the masks that it makes go when it ends. */
export function withBlockMasks<T>(
  mask: Mask | undefined,
  lengths: Pick<MaskRegion, 'queryLength' | 'keyLength'>,
  pass: (masks: BlockMasks) => T,
): T {
  const masks = new BlockMasks(mask, lengths);
  try {
    return pass(masks);
  } finally {
    masks.dispose();
  }
}

/** The masks of the blocks of one pass: those that look alike are made once, and live until `dispose`. */
export class BlockMasks {
  private readonly known = new Map<string, BlockMask>();

  constructor(
    private readonly mask: Mask | undefined,
    private readonly lengths: Pick<MaskRegion, 'queryLength' | 'keyLength'>,
  ) {}

  /** One for each part; undefined for those of which every query sees every key. */
  of(queries: Range, strip: Strip): (BlockMask | undefined)[] {
    return strip.map(({ start, end, masked }) => (masked ? this.at(queries, { start, end }) : undefined));
  }

  dispose(): void {
    for (const { allowed, greatest } of this.known.values()) tf.dispose([allowed, greatest]);
  }

  private at(queries: Range, keys: Range): BlockMask {
    const { queryLength, keyLength } = this.lengths;
    const mask = this.mask!;
    const region = { queries, keys, queryLength, keyLength };
    const pattern = mask.pattern?.(region);
    if (pattern === undefined) return made(mask, region);
    const name = `${queries.end - queries.start} × ${keys.end - keys.start}: ${pattern}`;
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const fresh = made(mask, region);
    this.known.set(name, { allowed: tf.keep(fresh.allowed), greatest: tf.keep(fresh.greatest) });
    return fresh;
  }
}

function made(mask: Mask, region: MaskRegion): BlockMask {
  const allowed = mask.allowed(region);
  return { allowed, greatest: tf.tidy(() => greatestScores(allowed)) };
}
