import type { ActionDistribution } from '../distributions/action-distribution.ts';
import { environmentActions } from '../rollouts/environment-actions.ts';
import type { Space, SpaceValue } from '../spaces/space.ts';

export interface DecidedAction {
  /** The likeliest: a choice, or numbers within their bounds. */
  readonly action: SpaceValue;
  /** Of the choices, where actions are choices. */
  readonly probabilities?: readonly number[];
}

/** The likeliest action by the parameters of its distribution, and how likely the choices are. */
export function decidedAction(
  parameters: Float32Array,
  { width }: ActionDistribution,
  space: Space,
  actionMask?: Uint8Array,
): DecidedAction {
  if (space.kind === 'box') return { action: environmentActions(space, parameters.slice(0, width), 1)[0] };
  const logits = parameters.map((logit, choice) => (actionMask?.[choice] === 0 ? -Infinity : logit));
  const highest = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp(logit - highest));
  const total = weights.reduce((sum, weight) => sum + weight);
  return { action: logits.indexOf(highest), probabilities: weights.map((weight) => weight / total) };
}
