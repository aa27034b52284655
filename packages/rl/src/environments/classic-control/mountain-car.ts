/**
 * Driving an underpowered car out of a valley by rocking it: −1 for every step until it is on the hill.
 *
 * - Moore 1990, "Efficient memory-based learning for robot control".
 * - Gymnasium's MountainCar-v0: the same dynamics and limits.
 */
import { timeLimit } from '../../wrappers/time-limit.ts';
import { circle, line, path, picture } from '../../rendering/picture.ts';
import { box, discrete } from '../../spaces/space.ts';
import { defineEnvironment } from '../define-environment.ts';
import type { Environment } from '../environment.ts';
import { startState } from './start-state.ts';

const LEFT = -1.2;
const RIGHT = 0.6;
const FASTEST = 0.07;
const GOAL = 0.5;
const FORCE = 0.001;
const GRAVITY = 0.0025;

/** Position and velocity. */
type State = readonly [number, number];

/** Observations are position and velocity; actions push left (0), not (1) or right (2). `options.state` sets position and velocity. */
export function mountainCar({ maximumSteps = 200 }: { readonly maximumSteps?: number } = {}): Environment<
  Float32Array,
  number
> {
  const environment = defineEnvironment<State, Float32Array, number>({
    name: 'MountainCar',
    observationSpace: box([2], { low: [LEFT, -FASTEST], high: [RIGHT, FASTEST] }),
    actionSpace: discrete(3),
    start: (random, options) =>
      (startState('MountainCar', options, 2) ?? [-0.6 + 0.2 * random.uniform(), 0]) as unknown as State,
    observe: (state) => Float32Array.from(state),
    advance: ([position, velocity], action) => {
      const pushed = velocity + (action - 1) * FORCE - Math.cos(3 * position) * GRAVITY;
      const speed = Math.min(Math.max(pushed, -FASTEST), FASTEST);
      const place = Math.min(Math.max(position + speed, LEFT), RIGHT);
      const state: State = [place, place === LEFT && speed < 0 ? 0 : speed];
      return { state, reward: -1, terminated: place >= GOAL && state[1] >= 0 };
    },
    render: ([position]) => {
      const x = (at: number) => ((at - LEFT) / (RIGHT - LEFT)) * 100;
      const y = (at: number) => 45 - 35 * (Math.sin(3 * at) * 0.45 + 0.55);
      const hill = Array.from({ length: 41 }, (_, i) => LEFT + ((RIGHT - LEFT) * i) / 40);
      return picture({
        text: `${' '.repeat(Math.max(0, Math.round(x(position) / 2.5)))}◉\n${'─'.repeat(37)}⚑`,
        width: 100,
        height: 50,
        shapes: [
          path(hill.map((at) => [x(at), y(at)] as const)),
          line(x(GOAL), y(GOAL), x(GOAL), y(GOAL) - 8),
          circle(x(position), y(position) - 2, 2.5),
        ],
      });
    },
  });
  return timeLimit(environment, maximumSteps);
}
