/**
 * Balancing a pole on a cart that is pushed left or right: 1 for every step, until the pole leans 12° or the cart leaves the track.
 *
 * - Barto, Sutton, Anderson 1983, "Neuronlike adaptive elements that can solve difficult learning control problems".
 * - Gymnasium's CartPole-v1: the same dynamics (Euler, 0.02 s), limits and rewards.
 */
import { timeLimit } from '../../wrappers/time-limit.ts';
import { circle, line, picture, rectangle } from '../../rendering/picture.ts';
import { box, discrete } from '../../spaces/space.ts';
import { defineEnvironment } from '../define-environment.ts';
import type { Environment } from '../environment.ts';
import { startState } from './start-state.ts';

const GRAVITY = 9.8;
const POLE_MASS = 0.1;
const TOTAL_MASS = 1.1;
/** Half the pole's length. */
const LENGTH = 0.5;
const FORCE = 10;
const SECONDS = 0.02;
const ANGLE_LIMIT = (12 * 2 * Math.PI) / 360;
const TRACK = 2.4;

/** Cart position, cart velocity, pole angle, pole angular velocity. */
type State = readonly [number, number, number, number];

/**
 * Observations are position, velocity, angle and angular velocity; actions push left (0) or right (1).
 * `options.state` sets those four numbers.
 *
 * @example
 * ```ts
 * import { cartPole } from '@heed/rl';
 * const environment = cartPole();
 * environment.reset({ options: { state: [0, 0, 0, 0] } });
 * environment.step(1).reward; // 1
 * ```
 */
export function cartPole({ maximumSteps = 500 }: { readonly maximumSteps?: number } = {}): Environment<
  Float32Array,
  number
> {
  const environment = defineEnvironment<State, Float32Array, number>({
    name: 'CartPole',
    observationSpace: box([4], {
      low: [-2 * TRACK, -Infinity, -2 * ANGLE_LIMIT, -Infinity],
      high: [2 * TRACK, Infinity, 2 * ANGLE_LIMIT, Infinity],
    }),
    actionSpace: discrete(2),
    start: (random, options) =>
      (startState('CartPole', options, 4) ?? [...random.uniforms(4, -0.05, 0.05)]) as unknown as State,
    observe: (state) => Float32Array.from(state),
    advance: (state, action) => {
      const next = push(state, action === 1 ? FORCE : -FORCE);
      const terminated = Math.abs(next[0]) > TRACK || Math.abs(next[2]) > ANGLE_LIMIT;
      return { state: next, reward: 1, terminated };
    },
    render: ([position, , angle]) => {
      const x = 50 + (40 * position) / TRACK;
      const column = Math.max(0, Math.min(40, Math.round(20 + (20 * position) / TRACK)));
      const lean = Math.round((angle / ANGLE_LIMIT) * 4);
      return picture({
        text: `${' '.repeat(Math.max(0, column + lean))}o\n${' '.repeat(column)}▀`,
        width: 100,
        height: 50,
        shapes: [
          line(0, 44, 100, 44),
          rectangle(x - 6, 38, 12, 6),
          line(x, 38, x + 28 * Math.sin(angle), 38 - 28 * Math.cos(angle), 2),
          circle(x, 38, 1.5),
        ],
      });
    },
  });
  return timeLimit(environment, maximumSteps);
}

function push([x, speed, angle, spin]: State, force: number): State {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const moment = POLE_MASS * LENGTH;
  const pushed = (force + moment * spin ** 2 * sine) / TOTAL_MASS;
  const angular = (GRAVITY * sine - cosine * pushed) / (LENGTH * (4 / 3 - (POLE_MASS * cosine ** 2) / TOTAL_MASS));
  const linear = pushed - (moment * angular * cosine) / TOTAL_MASS;
  return [x + SECONDS * speed, speed + SECONDS * linear, angle + SECONDS * spin, spin + SECONDS * angular];
}
