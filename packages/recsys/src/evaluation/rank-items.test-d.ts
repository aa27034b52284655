import { pairedBootstrap } from './paired-bootstrap.ts';
import type { FullRank, Sampled100 } from './rank-items.ts';

declare const full: FullRank;
declare const sampled: Sampled100;

pairedBootstrap(full, full, { seed: 1 });
// @ts-expect-error figures among all items and among a sample are not compared
pairedBootstrap(full, sampled, { seed: 1 });
// @ts-expect-error nor is one taken for the other
export const mistaken: FullRank = sampled;
