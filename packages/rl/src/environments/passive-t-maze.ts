/**
 * A corridor that ends in a T. Which arm holds the goal is seen in the very first observation only, and every place of the corridor looks the same: who
 * does not remember the first observation finds the goal half of the time.
 *
 * - Ni, Ma, Eysenbach, Bacon 2023, "When do transformers shine in RL? Decoupling memory from credit assignment": the passive T-maze.
 */
import { requireIntegers } from '@heed/attention-core';
import { picture, circle, rectangle } from '../rendering/picture.ts';
import { box, discrete } from '../spaces/space.ts';
import { defineEnvironment } from './define-environment.ts';
import type { Environment } from './environment.ts';

interface State {
  /** From 0 to the corridor's length, where the junction is. */
  readonly x: number;
  readonly y: -1 | 0 | 1;
  readonly goal: -1 | 1;
  readonly time: number;
}

const MOVES = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/**
 * An episode has `length` + 1 steps: along the corridor, then into an arm. Observations are [0, cue] in the corridor, with the cue ±1 at the first and 0
 * at all others, and [1, arm] at the junction (arm 0) and in the arms. Actions go right (0), up (1), left (2) and down (3). A step at whose end
 * the agent is behind where it could be costs 1 / `length`; the last step in the goal gives 1. `options.goal` sets the goal, 1 or −1.
 *
 * @throws unless `length` is a positive integer
 */
export function passiveTMaze({ length }: { readonly length: number }): Environment<Float32Array, number> {
  requireIntegers('passiveTMaze', { length });
  return defineEnvironment<State, Float32Array, number>({
    name: 'PassiveTMaze',
    observationSpace: box([2], { low: [0, -1], high: [1, 1] }),
    actionSpace: discrete(MOVES.length),
    start: (random, { goal = random.uniform() < 0.5 ? -1 : 1 }) => {
      if (goal !== 1 && goal !== -1) {
        throw new Error(`PassiveTMaze.reset: options.goal must be 1 or -1, got ${String(goal)}`);
      }
      return { x: 0, y: 0, goal, time: 0 };
    },
    observe: ({ x, y, goal, time }) => (x < length ? Float32Array.of(0, time === 0 ? goal : 0) : Float32Array.of(1, y)),
    advance: (state, action) => {
      const [right, up] = MOVES[action];
      const x = state.y === 0 ? Math.min(Math.max(state.x + right, 0), length) : state.x;
      const y = x === length ? (Math.min(Math.max(state.y + up, -1), 1) as State['y']) : 0;
      const time = state.time + 1;
      const terminated = time === length + 1;
      const behind = x < Math.min(time, length) ? -1 / length : 0;
      const success = terminated && y === state.goal;
      const reward = terminated ? Number(success) : behind;
      return { state: { ...state, x, y, time }, reward, terminated, info: terminated ? { success } : {} };
    },
    render: ({ x, y, goal, time }) => {
      const arm = (side: -1 | 1) => ' '.repeat(length) + (y === side ? '@' : time === 0 && goal === side ? '!' : '.');
      const corridor = Array.from({ length: length + 1 }, (_, at) => (at === x && y === 0 ? '@' : '.')).join('');
      const size = 100 / (length + 1);
      return picture({
        text: [arm(1), corridor, arm(-1)].join('\n'),
        width: 100,
        height: 3 * size,
        shapes: [
          rectangle(0, size, 100, size, 'lightgrey'),
          rectangle(100 - size, 0, size, 3 * size, 'lightgrey'),
          ...(time === 0 ? [rectangle(100 - size, (1 - goal) * size, size, size, 'gold')] : []),
          circle((x + 0.5) * size, (1.5 - y) * size, size / 3),
        ],
      });
    },
  });
}
