/** CartPole, Acrobot and MountainCar by PPO with CleanRL's settings, CartPole by RL Zoo's, and Pendulum with and without what truncation takes away. */
import { join } from 'node:path';
import { defineResult, progressBar, type ResultContext } from '@heed/node';
import {
  acrobot,
  cartPole,
  mountainCar,
  pendulum,
  PpoAgent,
  type Environment,
  type PpoAgentOptions,
  type PpoFitOptions,
} from '@heed/rl';

interface Setting {
  readonly name: string;
  readonly make: () => Environment;
  readonly seeds: number;
  readonly agent?: PpoAgentOptions;
  readonly fit: PpoFitOptions & { readonly environmentSteps: number };
}

const CLEANRL = { environmentSteps: 500_000 } as const;
const ZOO = {
  environments: 8,
  rolloutSteps: 32,
  batchSize: 256,
  passes: 20,
  environmentSteps: 100_000,
  learningRate: 1e-3,
  discount: 0.98,
  lambda: 0.8,
  entropyWeight: 0,
  clipValues: false,
} as const;
const SWING = {
  environments: 4,
  rolloutSteps: 512,
  batchSize: 64,
  passes: 10,
  environmentSteps: 200_000,
  learningRate: 1e-3,
  schedule: 'constant',
  discount: 0.9,
  lambda: 0.95,
  entropyWeight: 0,
  clipValues: false,
  normaliseRewards: true,
} as const;

const SETTINGS: readonly Setting[] = [
  { name: 'cartPole', make: () => cartPole(), seeds: 5, fit: CLEANRL },
  { name: 'acrobot', make: () => acrobot(), seeds: 5, fit: CLEANRL },
  { name: 'mountainCar', make: () => mountainCar(), seeds: 5, fit: CLEANRL },
  { name: 'cartPole100k', make: () => cartPole(), seeds: 3, fit: ZOO },
  { name: 'pendulum', make: () => pendulum(), seeds: 3, fit: SWING },
  { name: 'pendulumCut', make: () => pendulum(), seeds: 3, fit: { ...SWING, bootstrapTruncated: false } },
];

const figure = (name: string) => ({ name, digits: 1 });

export default defineResult({
  task: 'Classic control: the mean return of the last 100 episodes of training',
  figures: {
    cartPole: figure('CartPole'),
    acrobot: figure('Acrobot'),
    mountainCar: figure('MountainCar'),
    cartPole100k: figure('CartPole, 100k steps'),
    pendulum: figure('Pendulum'),
    pendulumCut: figure('Pendulum, truncation taken for an end'),
  },
  published: {
    value: 'CartPole 490.04 ± 6.12, Acrobot −86.36 ± 1.32, MountainCar −200 ± 0',
    source: "CleanRL's documentation of ppo.py: mean of the last 100 episodes, 3 seeds",
  },
  minutes: 60,
  protocol:
    "PPO on perceptrons of 64–64, CleanRL's settings (500,000 steps, 4 environments × 128, 4 passes in batches of 128, Adam 2.5e-4 falling to 0, γ .99, " +
    "λ .95, clip .2, entropy .01), 5 seeds. CartPole in 100,000 steps by RL Zoo's (8 × 32, 20 passes, batches of 256, 1e-3, γ .98, λ .8), 3 seeds. Pendulum: " +
    '200,000 steps, 4 × 512, 10 passes in batches of 64, 1e-3, γ .9, rewards scaled, 3 seeds; once with the value of the final observation where the ' +
    'limit cuts, once without. Means over seeds; greedy evaluation on seeds of its own in the details.',
  data: [],
  run: async (context) => {
    const { quick, part } = context;
    const details: Record<string, unknown> = {};
    const ours: Record<string, number> = {};
    for (const setting of SETTINGS) {
      const runs: Run[] = [];
      for (let seed = 1; seed <= (quick ? 1 : setting.seeds); seed++) {
        const run = await part(`${setting.name}-${seed}`, () => train(setting, seed, context));
        if (run === undefined) return undefined;
        runs.push(run);
      }
      const returns = runs.map(({ training }) => training);
      ours[setting.name] = mean(returns);
      details[setting.name] = { runs, deviation: deviation(returns) };
    }
    return { ours: ours as never, details };
  },
});

interface Run {
  /** Mean return of the last 100 episodes of training. */
  readonly training: number;
  /** Mean return of 100 episodes on other seeds, the likeliest action taken. */
  readonly greedy: number;
  readonly stepsPerSecond: number;
}

/** @returns undefined after Ctrl-C */
async function train(
  { name, make, agent: config, fit }: Setting,
  seed: number,
  { quick, signal, folder }: ResultContext,
): Promise<Run | undefined> {
  const agent = new PpoAgent({ ...config, seed });
  try {
    const recent: number[] = [];
    const { reason, seconds } = await agent.fit(make, {
      ...fit,
      environmentSteps: quick ? 2048 : fit.environmentSteps,
      ...(!quick && { checkpoints: join(folder, `${name}-${seed}`), checkpointEverySteps: 2000 }),
      signal,
      onEpisode: (episode) => void recent.push(episode.return),
      onEvent: progressBar({ unit: 'batches', label: `${name} ${seed}`, seconds: 30 }),
    });
    if (reason === 'aborted') return undefined;
    const { meanReturn } = await agent.evaluate(make, { episodes: quick ? 2 : 100 });
    const steps = quick ? 2048 : fit.environmentSteps;
    return { training: mean(recent.slice(-100)), greedy: meanReturn, stepsPerSecond: Math.round(steps / seconds) };
  } finally {
    agent.dispose();
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
