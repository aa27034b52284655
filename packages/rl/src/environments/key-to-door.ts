/**
 * A room with a key, a corridor of time, a room with a door: only who picked the key up can open the door, and is paid for it at the very end.
 *
 * - Mesnard et al. 2021, "Counterfactual credit assignment"; Chen et al. 2021, "Decision transformer", section 5.4: learning it from random walks.
 *
 * Deviation. Rooms are rows of `width` places and time in between is empty, so that a random walk's chance can be computed.
 */
import { requireIntegers } from '@heed/attention-core';
import { picture, circle, rectangle } from '../rendering/picture.ts';
import { box, discrete } from '../spaces/space.ts';
import { defineEnvironment } from './define-environment.ts';
import type { Environment } from './environment.ts';

export interface KeyToDoorOptions {
  /** Places of each room. Default 5. */
  readonly width?: number;
  /** Steps in the key's room, and in the door's. Default 10. */
  readonly roomSteps?: number;
  /** Steps of waiting in between. Default 10. */
  readonly waitSteps?: number;
}

interface State {
  readonly time: number;
  /** From 0, where the agent enters a room, to width − 1, where key or door is. */
  readonly place: number;
  readonly hasKey: boolean;
}

/**
 * Observations are one-hot places, then which of the three phases it is, and whether the key is seen; whether one has it is not shown. Actions go back (0), stay
 * (1) and forwards (2). Reaching the last place of the first room takes the key; reaching that of the last room with it pays 1.
 *
 * @throws unless sizes are positive integers
 */
export function keyToDoor({ width = 5, roomSteps = 10, waitSteps = 10 }: KeyToDoorOptions = {}): Environment<
  Float32Array,
  number
> {
  requireIntegers('keyToDoor', { width, roomSteps, waitSteps });
  const total = 2 * roomSteps + waitSteps;
  const phaseOf = (time: number) => (time < roomSteps ? 0 : time < roomSteps + waitSteps ? 1 : 2);
  return defineEnvironment<State, Float32Array, number>({
    name: 'KeyToDoor',
    observationSpace: box([width + 4], { low: 0, high: 1 }),
    actionSpace: discrete(3),
    start: () => ({ time: 0, place: 0, hasKey: false }),
    observe: ({ time, place, hasKey }) => {
      const seen = new Float32Array(width + 4);
      const phase = phaseOf(time);
      seen[phase === 1 ? 0 : place] = 1;
      seen[width + phase] = 1;
      seen[width + 3] = Number(phase === 0 && !hasKey);
      return seen;
    },
    advance: ({ time, place, hasKey }, action) => {
      const phase = phaseOf(time);
      const moved = phase === 1 ? 0 : Math.min(Math.max(place + action - 1, 0), width - 1);
      const there = moved === width - 1;
      const success = phase === 2 && there && hasKey;
      const entering = phaseOf(time + 1) !== phase;
      const state = { time: time + 1, place: entering ? 0 : moved, hasKey: hasKey || (phase === 0 && there) };
      const terminated = success || time + 1 === total;
      return { state, reward: Number(success), terminated, info: terminated ? { success } : {} };
    },
    render: ({ time, place, hasKey }) => {
      const size = 100 / width;
      const phase = phaseOf(time);
      const row = Array.from({ length: width }, (_, at) => (at === place ? '@' : at === width - 1 ? '|' : '.'));
      return picture({
        text: phase === 1 ? `waiting, step ${time}` : row.join(''),
        width: 100,
        height: size,
        shapes: [
          rectangle(0, 0, 100, size, phase === 1 ? 'dimgrey' : 'lightgrey'),
          ...(phase === 0 && !hasKey ? [rectangle(100 - size, 0, size, size, 'gold')] : []),
          ...(phase === 2 ? [rectangle(100 - size, 0, size, size, 'sienna')] : []),
          circle((place + 0.5) * size, size / 2, size / 3),
        ],
      });
    },
  });
}
