/** The passive T-maze: how far back each kind of memory reaches, and whether what is looked at is what the action depends on. */
import { join } from 'node:path';
import { defineResult, progressBar, type ResultContext } from '@heed/node';
import { passiveTMaze, PpoAgent, type PpoAgentOptions } from '@heed/rl';

const LENGTH = 50;
const SEEDS = [1, 2, 3];
const AGENTS = {
  gtrxl: { architecture: 'gtrxl', layers: 2, modelWidth: 64, heads: 2, memoryLength: 64 },
  gtrxl1: { architecture: 'gtrxl', layers: 1, modelWidth: 64, heads: 2, memoryLength: 64 },
  gru: { architecture: 'gru', hiddenWidth: 64 },
  lstm: { architecture: 'lstm', hiddenWidth: 64 },
  mlp: { architecture: 'mlp' },
} as const satisfies Record<string, PpoAgentOptions>;

const success = (name: string) => ({ name, unit: '%', digits: 1 });

export default defineResult({
  task: 'The passive T-maze of length 50: episodes in which the goal is found',
  figures: {
    gtrxl: success('GTrXL, 2 layers'),
    gtrxl1: success('GTrXL, 1 layer'),
    cueHidden: success('… its cue hidden at the junction'),
    otherHidden: success('… another step hidden there'),
    gru: success('GRU'),
    lstm: success('LSTM'),
    mlp: success('without memory'),
  },
  minutes: 180,
  protocol:
    'The cue is seen in the first observation only, the corridor is ambiguous, a step behind costs 1/50, the goal gives 1. PPO: 32 environments × 64 steps, ' +
    'segments of 64 with the memory before them, 4 passes in batches of 512, Adam 3e-4 falling to 0, γ .99, λ .95, entropy .05 falling to 0; 1,500,000 steps, ' +
    'seeds 1, 2, 3. Greedy evaluation of 500 episodes on seeds of its own. At the junction the cue, or another step drawn by its number, is hidden from the ' +
    'agent of one layer, in which nothing else can have taken over what the cue said. Without memory no more than 50 % can be found.',
  data: [],
  run: async (context) => {
    const { quick, part } = context;
    const runs: Record<string, Run[]> = {};
    for (const [name, agent] of Object.entries(AGENTS)) {
      runs[name] = [];
      for (const seed of quick ? [1] : SEEDS) {
        const run = await part(`${name}-${seed}`, () => train(name, { ...agent, seed }, context));
        if (run === undefined) return undefined;
        runs[name].push(run);
      }
    }
    const mean = (name: keyof typeof AGENTS, value: (run: Run) => number) =>
      runs[name].reduce((sum, run) => sum + value(run), 0) / runs[name].length;
    const found = (name: keyof typeof AGENTS) => mean(name, (run) => run.success);
    return {
      ours: {
        gtrxl: found('gtrxl'),
        gtrxl1: found('gtrxl1'),
        cueHidden: mean('gtrxl1', (run) => run.cueHidden ?? 0),
        otherHidden: mean('gtrxl1', (run) => run.otherHidden ?? 0),
        gru: found('gru'),
        lstm: found('lstm'),
        mlp: found('mlp'),
      },
      details: runs,
    };
  },
});

interface Run {
  /** In percent, as all of them. */
  readonly success: number;
  readonly cueHidden?: number;
  readonly otherHidden?: number;
  readonly stepsPerSecond: number;
}

/** @returns undefined after Ctrl-C */
async function train(
  name: string,
  options: PpoAgentOptions,
  { quick, signal, folder }: ResultContext,
): Promise<Run | undefined> {
  const length = quick ? 3 : LENGTH;
  const make = () => passiveTMaze({ length });
  const environmentSteps = quick ? 512 : 1_500_000;
  const agent = new PpoAgent(options);
  try {
    const { reason, seconds } = await agent.fit(make, {
      environments: quick ? 4 : 32,
      rolloutSteps: quick ? 16 : 64,
      batchSize: quick ? 32 : 512,
      environmentSteps,
      learningRate: 3e-4,
      entropyWeight: 0.05,
      finalEntropyWeight: 0,
      ...(!quick && { checkpoints: join(folder, `${name}-${options.seed}`), checkpointEverySteps: 1000 }),
      signal,
      onEvent: progressBar({ unit: 'batches', label: `${name} ${options.seed}`, seconds: 30 }),
    });
    if (reason === 'aborted') return undefined;
    const percent = async (hidden?: number) => {
      const hide = hidden === undefined ? {} : { hide: (time: number) => (time === length ? [hidden] : []) };
      return 100 * (await agent.evaluate(make, { episodes: quick ? 4 : 500, ...hide })).successRate!;
    };
    const attends = options.architecture === 'gtrxl';
    return {
      success: await percent(),
      ...(attends && { cueHidden: await percent(0), otherHidden: await percent(Math.ceil(length / 2)) }),
      stepsPerSecond: Math.round(environmentSteps / seconds),
    };
  } finally {
    agent.dispose();
  }
}
