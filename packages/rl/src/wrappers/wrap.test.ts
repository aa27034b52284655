import { describe, expect, it } from 'vitest';
import { cartPole } from '../environments/classic-control/cart-pole.ts';
import { checkEnvironment } from '../environments/check-environment.ts';
import { passiveTMaze } from '../environments/passive-t-maze.ts';
import { renderEpisode } from '../rendering/render-episode.ts';
import { frameStack } from './frame-stack.ts';
import { previousAction } from './previous-action.ts';
import { selectObservation } from './select-observation.ts';

const state = [0.1, 0.2, 0.03, 0.04];

describe('wrappers', () => {
  it('show CartPole without its velocities', () => {
    const masked = selectObservation(cartPole(), [0, 2]);
    const { observation } = masked.reset({ options: { state } });
    expect([...observation]).toEqual([Math.fround(0.1), Math.fround(0.03)]);
    expect(masked.step(1).observation.length).toBe(2);
    expect(() => selectObservation(cartPole(), [4])).toThrow('entries must be from 0 to 3, got [4]');
  });

  it('stack the last frames, oldest first, an episode beginning with its first repeated', () => {
    const plain = cartPole();
    const stacked = frameStack(cartPole(), 3);
    const first = plain.reset({ options: { state } }).observation;
    expect([...stacked.reset({ options: { state } }).observation]).toEqual([...first, ...first, ...first]);
    const second = plain.step(1).observation;
    expect([...stacked.step(1).observation]).toEqual([...first, ...first, ...second]);
    stacked.step(0);
    expect([...stacked.reset({ options: { state } }).observation]).toEqual([...first, ...first, ...first]);
    expect(() => frameStack(cartPole(), 0)).toThrow('frames must be a positive integer, got 0');
  });

  it('tell the action before, one-hot', () => {
    const told = previousAction(passiveTMaze({ length: 2 }));
    expect([...told.reset({ options: { goal: -1 } }).observation]).toEqual([0, -1, 0, 0, 0, 0]);
    expect([...told.step(2).observation]).toEqual([0, 0, 0, 0, 1, 0]);
  });

  it('are environments that pass the check, and can be seen as what they wrap', () => {
    for (const make of [
      () => selectObservation(cartPole(), [0, 2]),
      () => frameStack(cartPole(), 2),
      () => previousAction(cartPole()),
    ]) {
      expect(() => checkEnvironment(make)).not.toThrow();
      const environment = make();
      environment.reset();
      expect(environment.render!().svg).toContain('<svg');
    }
  });

  it('play an episode as a page of its own', () => {
    const environment = cartPole();
    environment.reset();
    const pictures = [environment.render!()];
    environment.step(1);
    pictures.push(environment.render!());
    const page = renderEpisode(pictures, { title: 'a < b' });
    expect(page.match(/<svg/g)!.length).toBe(2);
    expect(page).toContain('a &#60; b');
    expect(() => renderEpisode([])).toThrow('pictures must not be empty');
  });
});
