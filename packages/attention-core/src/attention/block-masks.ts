import * as tf from '@tensorflow/tfjs';
import type { MaskRegion, Range } from '../masks/mask.ts';
import { allowedIn, type AttentionCall } from './attention-call.ts';
import type { Strip } from './block-plan.ts';
import { blockRegion } from './block-scores.ts';

/** Runs one pass over the blocks; the masks that it makes go when it ends. */
export function withBlockMasks<T>(call: AttentionCall, pass: (masks: BlockMasks) => T): T {
  const masks = new BlockMasks(call);
  try {
    return pass(masks);
  } finally {
    masks.dispose();
  }
}

/** The masks of the blocks of one pass: those that look alike are made once, and live until `dispose`. */
export class BlockMasks {
  private readonly known = new Map<string, tf.Tensor>();

  constructor(private readonly call: AttentionCall) {}

  /** Boolean, broadcastable to [B, H, queries, keys], one for each part; undefined for those of which every query sees every key. */
  of(queries: Range, strip: Strip): (tf.Tensor | undefined)[] {
    return strip.map(({ start, end, masked }) => (masked ? this.at(queries, { start, end }) : undefined));
  }

  dispose(): void {
    tf.dispose([...this.known.values()]);
  }

  private at(queries: Range, keys: Range): tf.Tensor {
    const region: MaskRegion = blockRegion(this.call.operands, queries, keys);
    const pattern = this.call.mask!.pattern?.(region);
    if (pattern === undefined) return allowedIn(this.call, region)!;
    const name = `${queries.end - queries.start} × ${keys.end - keys.start}: ${pattern}`;
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const fresh = tf.keep(allowedIn(this.call, region)!);
    this.known.set(name, fresh);
    return fresh;
  }
}
