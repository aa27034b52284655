/** One environment's steps, in order. */
export interface Steps {
  readonly rewards: ArrayLike<number>;
  /** What was expected before each step. */
  readonly values: ArrayLike<number>;
  /** 1 where the task was over after the step: nothing is to be had after it. */
  readonly terminated: ArrayLike<number>;
  /** 1 where the episode was cut after the step. */
  readonly truncated: ArrayLike<number>;
  /** What was expected of the last observation of an episode that was cut; 0 elsewhere. */
  readonly finalValues: ArrayLike<number>;
  /** What is expected after the last step. */
  readonly nextValue: number;
}

/**
 * Generalised advantage estimates (Schulman et al. 2016): Σ (γλ)ᵏ δ with δ = r + γ·V(next) − V, up to the episode's end.
 *
 * Where an episode was cut, the value of its final observation stands for what would have followed; where the task was over, nothing does.
 *
 * @param discount γ @param lambda λ
 */
export function advantages(steps: Steps, discount: number, lambda: number): Float32Array {
  const { rewards, values, terminated, truncated, finalValues, nextValue } = steps;
  const estimates = new Float32Array(rewards.length);
  let following = 0;
  for (let step = rewards.length - 1; step >= 0; step--) {
    const over = terminated[step] === 1 || truncated[step] === 1;
    const next = step + 1 < rewards.length ? values[step + 1] : nextValue;
    const expected = terminated[step] === 1 ? 0 : truncated[step] === 1 ? finalValues[step] : next;
    const surprise = rewards[step] + discount * expected - values[step];
    following = surprise + (over ? 0 : discount * lambda * following);
    estimates[step] = following;
  }
  return estimates;
}
