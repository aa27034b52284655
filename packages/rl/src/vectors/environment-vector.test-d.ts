import { cartPole } from '../environments/classic-control/cart-pole.ts';
import { EnvironmentVector, type NextStepResult, type SameStepResult } from './environment-vector.ts';

// the kind of autoreset shows in the type of a step
const next = new EnvironmentVector(() => cartPole(), { count: 1 });
next.step([0]) satisfies NextStepResult;
// @ts-expect-error no step only resets here
next.step([0]) satisfies SameStepResult;
const same = new EnvironmentVector(() => cartPole(), { count: 1, autoreset: 'same-step' });
same.step([0]) satisfies SameStepResult;
