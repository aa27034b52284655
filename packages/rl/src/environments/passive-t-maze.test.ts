import { describe, expect, it } from 'vitest';
import { passiveTMaze } from './passive-t-maze.ts';

const RIGHT = 0;
const UP = 1;
const LEFT = 2;
const DOWN = 3;

/** Observations, rewards and whether it ended, of actions. */
const play = (length: number, goal: number, actions: readonly number[]) => {
  const maze = passiveTMaze({ length });
  const first = maze.reset({ options: { goal } }).observation;
  const steps = actions.map((action) => maze.step(action));
  return {
    observations: [first, ...steps.map(({ observation }) => observation)].map((observation) => [...observation]),
    rewards: steps.map(({ reward }) => reward),
    terminated: steps.map(({ terminated }) => terminated),
    success: steps.at(-1)!.info.success,
  };
};

describe('passiveTMaze', () => {
  it('shows the cue once, hides where it is in the corridor, and pays at the end of the right arm', () => {
    expect(play(3, 1, [RIGHT, RIGHT, RIGHT, UP])).toEqual({
      observations: [
        [0, 1],
        [0, 0],
        [0, 0],
        [1, 0],
        [1, 1],
      ],
      rewards: [0, 0, 0, 1],
      terminated: [false, false, false, true],
      success: true,
    });
    expect(play(3, -1, [RIGHT, RIGHT, RIGHT, DOWN]).rewards).toEqual([0, 0, 0, 1]);
    expect(play(3, 1, [RIGHT, RIGHT, RIGHT, DOWN])).toMatchObject({ rewards: [0, 0, 0, 0], success: false });
  });

  it('costs 1 / length for every step at whose end the agent is behind', () => {
    // One step back: behind at every later step, and never at the junction in time.
    expect(play(4, 1, [RIGHT, LEFT, RIGHT, RIGHT, RIGHT]).rewards).toEqual([0, -1 / 4, -1 / 4, -1 / 4, 0]);
    expect(play(2, 1, [UP, DOWN, UP]).rewards).toEqual([-1 / 2, -1 / 2, 0]);
  });

  it('has its goal on either side, half of the time each', () => {
    const maze = passiveTMaze({ length: 1 });
    const cues = Array.from({ length: 400 }, (_, seed) => maze.reset({ seed }).observation[1]);
    const up = cues.filter((cue) => cue === 1).length;
    expect(up).toBeGreaterThan(160); // 200 ± 4 deviations of 10
    expect(up).toBeLessThan(240);
  });

  it('refuses lengths and goals that there are not', () => {
    expect(() => passiveTMaze({ length: 0 })).toThrow('passiveTMaze: length must be a positive integer, got 0');
    expect(() => passiveTMaze({ length: 2 }).reset({ options: { goal: 0 } })).toThrow('must be 1 or -1, got 0');
  });
});
