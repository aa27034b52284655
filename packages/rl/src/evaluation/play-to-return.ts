import type { Random } from '@heed/attention-core';
import type { Environment } from '../environments/environment.ts';
import type { DecidedAction } from '../policies/decided-action.ts';
import type { SpaceValue } from '../spaces/space.ts';

/** An episode up to the present, and the return that was wanted at each of its observations. */
interface Running {
  readonly observations: SpaceValue[];
  readonly actions: SpaceValue[];
  readonly returnsToGo: number[];
}

export interface PlayToReturnOptions {
  /** One for each episode. */
  readonly environments: readonly Environment[];
  readonly targetReturn: number;
  /** Where actions are drawn from; the likeliest ones are taken without. */
  readonly draws: Random | undefined;
  readonly seed: number;
  readonly act: (running: readonly Running[]) => Promise<readonly DecidedAction[]>;
}

export interface ReturnEvaluation {
  readonly meanReturn: number;
  readonly returns: readonly number[];
  /** Fraction of the episodes whose last `info.success` is true, where environments have it. */
  readonly successRate?: number;
}

/** Plays an episode in each environment, asking for a return less what was given already. */
export async function playToReturn(options: PlayToReturnOptions): Promise<ReturnEvaluation> {
  const { environments, targetReturn, draws, seed, act } = options;
  const episodes = environments.map((environment, i) => ({
    environment,
    running: {
      observations: [environment.reset({ seed: seed + i }).observation],
      actions: [] as SpaceValue[],
      returnsToGo: [targetReturn],
    },
    total: 0,
    success: undefined as boolean | undefined,
    over: false,
  }));
  for (let open = episodes; open.length > 0; open = open.filter(({ over }) => !over)) {
    const decisions = await act(open.map(({ running }) => running));
    for (const [i, episode] of open.entries()) {
      const { action: likeliest, probabilities } = decisions[i];
      const action = draws === undefined || probabilities === undefined ? likeliest : drawn(probabilities, draws);
      const { observation, reward, terminated, truncated, info } = episode.environment.step(action);
      const { observations, actions, returnsToGo } = episode.running;
      actions.push(action);
      observations.push(observation);
      returnsToGo.push(returnsToGo.at(-1)! - reward);
      episode.total += reward;
      episode.over = terminated || truncated;
      if (typeof info.success === 'boolean') episode.success = info.success;
    }
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const returns = episodes.map(({ total }) => total);
  const successes = episodes.flatMap(({ success }) => (success === undefined ? [] : [Number(success)]));
  return { meanReturn: mean(returns), returns, ...(successes.length > 0 && { successRate: mean(successes) }) };
}

function drawn(probabilities: readonly number[], random: Random): number {
  let left = random.uniform();
  for (const [choice, probability] of probabilities.entries()) {
    left -= probability;
    if (left < 0) return choice;
  }
  return probabilities.length - 1;
}
