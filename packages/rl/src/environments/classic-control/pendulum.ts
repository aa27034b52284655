/**
 * Swinging a pendulum up and keeping it there with a weak motor. There is no end but the time limit, so that every episode is truncated.
 *
 * Gymnasium's Pendulum-v1: reward −(angle² + 0.1 velocity² + 0.001 torque²), Euler steps of 0.05 s.
 */
import { timeLimit } from '../../wrappers/time-limit.ts';
import { circle, line, picture } from '../../rendering/picture.ts';
import { box } from '../../spaces/space.ts';
import { defineEnvironment } from '../define-environment.ts';
import type { Environment } from '../environment.ts';
import { startState } from './start-state.ts';

const FASTEST = 8;
const STRONGEST = 2;
const SECONDS = 0.05;
const GRAVITY = 10;

/** Angle from standing, velocity. */
type State = readonly [number, number];

/** Observations are cosine and sine of the angle and the velocity; an action is a torque in [−2, 2]. `options.state` sets angle and velocity. */
export function pendulum({ maximumSteps = 200 }: { readonly maximumSteps?: number } = {}): Environment<
  Float32Array,
  Float32Array
> {
  const environment = defineEnvironment<State, Float32Array, Float32Array>({
    name: 'Pendulum',
    observationSpace: box([3], { low: [-1, -1, -FASTEST], high: [1, 1, FASTEST] }),
    actionSpace: box([1], { low: -STRONGEST, high: STRONGEST }),
    start: (random, options) =>
      (startState('Pendulum', options, 2) ?? [
        Math.PI * (2 * random.uniform() - 1),
        2 * random.uniform() - 1,
      ]) as unknown as State,
    observe: ([angle, velocity]) => Float32Array.of(Math.cos(angle), Math.sin(angle), velocity),
    advance: ([angle, velocity], [torque]) => {
      const cost = fromStanding(angle) ** 2 + 0.1 * velocity ** 2 + Math.fround(0.001 * Math.fround(torque ** 2));
      const pull = ((3 * GRAVITY) / 2) * Math.sin(angle);
      const turned = velocity + (pull + Math.fround(3 * torque)) * SECONDS; // torques are float32 in Gymnasium
      const next = Math.min(Math.max(turned, -FASTEST), FASTEST);
      return { state: [angle + next * SECONDS, next], reward: -cost };
    },
    render: ([angle]) =>
      picture({
        text: `pendulum at ${Math.round((fromStanding(angle) * 180) / Math.PI)}° from standing`,
        width: 100,
        height: 100,
        shapes: [line(50, 50, 50 - 40 * Math.sin(angle), 50 - 40 * Math.cos(angle), 4), circle(50, 50, 2)],
      }),
  });
  return timeLimit(environment, maximumSteps);
}

/** An angle in [−π, π). */
function fromStanding(angle: number): number {
  const whole = 2 * Math.PI;
  return ((((angle + Math.PI) % whole) + whole) % whole) - Math.PI;
}
