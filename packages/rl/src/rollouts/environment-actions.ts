import type { Info } from '../environments/environment.ts';
import type { Space, SpaceValue } from '../spaces/space.ts';

/** A policy's numbers [N, W] as actions of the environments: choices, or numbers put inside the bounds. */
export function environmentActions(space: Space, actions: Float32Array, count: number): SpaceValue[] {
  if (space.kind !== 'box') return Array.from(actions);
  const width = actions.length / count;
  return Array.from({ length: count }, (_, row) =>
    actions
      .slice(row * width, (row + 1) * width)
      .map((value, i) => Math.min(Math.max(value, space.low[i]), space.high[i])),
  );
}

/** Action masks [N, choices] where environments have them: all 1 for one that has none at the moment. */
export function actionMasks(infos: readonly Info[], space: Space): Float32Array | undefined {
  if (space.kind !== 'discrete' || infos.every(({ actionMask }) => actionMask === undefined)) return undefined;
  const masks = new Float32Array(infos.length * space.count).fill(1);
  for (const [row, { actionMask }] of infos.entries()) if (actionMask) masks.set(actionMask, row * space.count);
  return masks;
}
