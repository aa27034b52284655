/** One case per op (or per way of calling it) that Heed's packages use, small enough for finite differences. */
import { binaryOps, unaryOps } from './elementwise.ts';
import { images } from './images.ts';
import type { OpGroup } from './op-case.ts';
import { normalisations, products, reductions } from './reductions.ts';
import { shapes } from './shapes.ts';

export const groups: readonly OpGroup[] = [unaryOps, binaryOps, reductions, products, images, normalisations, shapes];
