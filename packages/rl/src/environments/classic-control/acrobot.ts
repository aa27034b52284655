/**
 * Swinging the free end of a two-link pendulum above a line, with a motor at the elbow only: −1 for every step until it is there.
 *
 * - Sutton 1996, "Generalization in reinforcement learning"; Sutton & Barto's book for the dynamics.
 * - Gymnasium's Acrobot-v1: one Runge–Kutta step of 0.2 s, velocities bounded, angles wrapped.
 */
import { timeLimit } from '../../wrappers/time-limit.ts';
import { circle, line, picture } from '../../rendering/picture.ts';
import { box, discrete } from '../../spaces/space.ts';
import { defineEnvironment } from '../define-environment.ts';
import type { Environment } from '../environment.ts';
import { startState } from './start-state.ts';

const SECONDS = 0.2;
const GRAVITY = 9.8;
/** From a link's joint to its centre of mass; links have length, mass and moment of inertia 1. */
const CENTRE = 0.5;
const FASTEST = [4 * Math.PI, 9 * Math.PI] as const;

/** Angle of the first link from hanging, angle of the second to the first, their velocities. */
type State = readonly [number, number, number, number];

/**
 * Observations are cosine and sine of both angles, then both velocities; actions are the torques −1 (0), 0 (1) and 1 (2).
 * `options.state` sets both angles and velocities.
 */
export function acrobot({ maximumSteps = 500 }: { readonly maximumSteps?: number } = {}): Environment<
  Float32Array,
  number
> {
  const bounds = [1, 1, 1, 1, ...FASTEST];
  const environment = defineEnvironment<State, Float32Array, number>({
    name: 'Acrobot',
    observationSpace: box([6], { low: bounds.map((bound) => -bound), high: bounds }),
    actionSpace: discrete(3),
    start: (random, options) =>
      (startState('Acrobot', options, 4) ?? [...random.uniforms(4, -0.1, 0.1)]) as unknown as State,
    observe: ([first, second, firstSpeed, secondSpeed]) =>
      Float32Array.of(Math.cos(first), Math.sin(first), Math.cos(second), Math.sin(second), firstSpeed, secondSpeed),
    advance: (state, action) => {
      const next = rungeKutta(state, action - 1);
      const terminated = -Math.cos(next[0]) - Math.cos(next[1] + next[0]) > 1;
      return { state: next, reward: terminated ? 0 : -1, terminated };
    },
    render: ([first, second]) => {
      const elbow = [50 + 20 * Math.sin(first), 50 + 20 * Math.cos(first)] as const;
      const end = [elbow[0] + 20 * Math.sin(first + second), elbow[1] + 20 * Math.cos(first + second)] as const;
      const degrees = (angle: number) => `${Math.round((angle * 180) / Math.PI)}°`;
      return picture({
        text: `links at ${degrees(first)} and ${degrees(second)}, end ${((50 - end[1]) / 20).toFixed(2)} above the axle`,
        width: 100,
        height: 100,
        shapes: [
          line(0, 30, 100, 30, 0.5),
          line(50, 50, ...elbow, 2),
          line(...elbow, ...end, 2),
          circle(50, 50, 2),
          circle(...elbow, 2),
        ],
      });
    },
  });
  return timeLimit(environment, maximumSteps);
}

function rungeKutta(state: State, torque: number): State {
  const along = (slope: State, seconds: number) =>
    state.map((value, i) => value + seconds * slope[i]) as unknown as State;
  const first = slopes(state, torque);
  const second = slopes(along(first, SECONDS / 2), torque);
  const third = slopes(along(second, SECONDS / 2), torque);
  const fourth = slopes(along(third, SECONDS), torque);
  const [one, two, oneSpeed, twoSpeed] = state.map(
    (value, i) => value + (SECONDS / 6) * (first[i] + 2 * second[i] + 2 * third[i] + fourth[i]),
  );
  return [wrapped(one), wrapped(two), bounded(oneSpeed, FASTEST[0]), bounded(twoSpeed, FASTEST[1])];
}

function slopes([first, second, firstSpeed, secondSpeed]: State, torque: number): State {
  const [sine, cosine] = [Math.sin(second), Math.cos(second)];
  const inertia = CENTRE ** 2 + (1 + CENTRE ** 2 + 2 * CENTRE * cosine) + 2;
  const coupling = CENTRE ** 2 + CENTRE * cosine + 1;
  const pullOnSecond = CENTRE * GRAVITY * Math.cos(first + second - Math.PI / 2);
  const pullOnFirst =
    -CENTRE * secondSpeed ** 2 * sine -
    2 * CENTRE * secondSpeed * firstSpeed * sine +
    (CENTRE + 1) * GRAVITY * Math.cos(first - Math.PI / 2) +
    pullOnSecond;
  const secondAcceleration =
    (torque + (coupling / inertia) * pullOnFirst - CENTRE * firstSpeed ** 2 * sine - pullOnSecond) /
    (CENTRE ** 2 + 1 - coupling ** 2 / inertia);
  const firstAcceleration = -(coupling * secondAcceleration + pullOnFirst) / inertia;
  return [firstSpeed, secondSpeed, firstAcceleration, secondAcceleration];
}

/** An angle in [−π, π]. */
function wrapped(angle: number): number {
  let turned = angle;
  while (turned > Math.PI) turned -= 2 * Math.PI;
  while (turned < -Math.PI) turned += 2 * Math.PI;
  return turned;
}

function bounded(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit);
}
