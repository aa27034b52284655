import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { checkEnvironment } from './check-environment.ts';
import { keyToDoor } from './key-to-door.ts';

const [BACK, STAY, FORWARDS] = [0, 1, 2];
const play = (actions: readonly number[]) => {
  const environment = keyToDoor({ width: 3, roomSteps: 3, waitSteps: 2 });
  environment.reset();
  return actions.map((action) => environment.step(action));
};

describe('keyToDoor', () => {
  it('opens the door to who took the key, and to nobody else', () => {
    const taken = play([FORWARDS, FORWARDS, BACK, STAY, STAY, FORWARDS, FORWARDS]);
    expect(taken.map(({ reward }) => reward)).toEqual([0, 0, 0, 0, 0, 0, 1]);
    expect(taken.at(-1)).toMatchObject({ terminated: true, info: { success: true } });
    const missed = play([FORWARDS, BACK, FORWARDS, STAY, STAY, FORWARDS, FORWARDS, STAY]);
    expect(missed.at(-1)).toMatchObject({ reward: 0, terminated: true, info: { success: false } });
  });

  it('never shows whether one has the key once its room is left', () => {
    const [, , , , taken] = play([FORWARDS, FORWARDS, STAY, STAY, STAY]);
    const [, , , , missed] = play([STAY, STAY, STAY, STAY, STAY]);
    expect(taken.observation).toEqual(missed.observation);
    // in the room it is seen until it is taken: places, phases, key
    const [first, second] = play([FORWARDS, FORWARDS]);
    expect([...first.observation]).toEqual([0, 1, 0, 1, 0, 0, 1]);
    expect([...second.observation]).toEqual([0, 0, 1, 1, 0, 0, 0]);
  });

  it('is won by a random walk in 3.3 % of all episodes', () => {
    // The chance to be at the last of five places within ten steps, squared: .0333; of 4,000 episodes ± four deviations of .0028.
    const environment = keyToDoor();
    const random = new Random(4);
    let successes = 0;
    for (let episode = 0; episode < 4000; episode++) {
      environment.reset();
      let step = environment.step(random.integer(3));
      while (!step.terminated) step = environment.step(random.integer(3));
      successes += step.reward;
    }
    expect(Math.abs(successes / 4000 - 0.0333)).toBeLessThan(4 * 0.0028);
  });

  it('passes the check, and refuses sizes that there are not', () => {
    expect(() => checkEnvironment(() => keyToDoor())).not.toThrow();
    expect(() => keyToDoor({ width: 0 })).toThrow('keyToDoor: width must be a positive integer, got 0');
  });
});
