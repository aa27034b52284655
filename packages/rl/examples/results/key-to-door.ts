/** Key-to-Door from random walks: whether a wanted return brings out what one walk in thirty did, beside cloning all of them and the best of them. */
import { join } from 'node:path';
import { defineResult, progressBar, type ResultContext } from '@heed/node';
import { DecisionAgent, keyToDoor, randomTrajectories, returnOf, type TrajectorySet } from '@heed/rl';

const SEEDS = [1, 2, 3];
const WALKS = 10_000;
const STEPS = 6000;
const KINDS = {
  decision: { returnConditioned: true, fraction: 1 },
  cloning: { returnConditioned: false, fraction: 1 },
  filtered: { returnConditioned: false, fraction: 0.1 },
} as const;

const success = (name: string) => ({ name, unit: '%', digits: 1 });

export default defineResult({
  task: 'Key-to-Door from 10,000 random walks: episodes in which the door is opened',
  figures: {
    decision: success('Decision Transformer'),
    cloning: success('cloning'),
    filtered: success('cloning of the best tenth'),
    walks: success('the walks themselves'),
  },
  minutes: 120,
  protocol:
    'Rooms of 5 places, 10 steps in each of the two, 10 of waiting; a walk takes one of three actions at random and opens the door in 3.3 % of all episodes. ' +
    'Decision Transformer of 2 layers, 64 wide, 1 head, 30 steps of context, AdamW 1e-3, batches of 64 windows, 6,000 updates; actions are drawn, the return asked ' +
    'for is 1. 500 episodes, seeds 1, 2, 3 of walks, weights and episodes.',
  data: [],
  run: async (context) => {
    const { quick, part } = context;
    const runs: Record<string, number[]> = {};
    const shares: number[] = [];
    for (const seed of quick ? [1] : SEEDS) {
      const walks = randomTrajectories(() => keyToDoor(), { episodes: quick ? 100 : WALKS, seed });
      shares.push((100 * walks.trajectories.filter((walk) => returnOf(walk) > 0).length) / walks.trajectories.length);
      for (const kind of Object.keys(KINDS) as (keyof typeof KINDS)[]) {
        const rate = await part(`${kind}-${seed}`, () => train(kind, seed, walks, context));
        if (rate === undefined) return undefined;
        (runs[kind] ??= []).push(rate);
      }
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      ours: {
        decision: mean(runs.decision),
        cloning: mean(runs.cloning),
        filtered: mean(runs.filtered),
        walks: mean(shares),
      },
      details: runs,
    };
  },
});

/** @returns how many of a hundred doors were opened, undefined after Ctrl-C */
async function train(
  kind: keyof typeof KINDS,
  seed: number,
  walks: TrajectorySet,
  { quick, signal, folder }: ResultContext,
): Promise<number | undefined> {
  const { returnConditioned, fraction } = KINDS[kind];
  const sizes = quick ? { modelWidth: 16, layers: 1 } : { modelWidth: 64, layers: 2 };
  const agent = new DecisionAgent({ ...sizes, contextLength: 30, maximumSteps: 30, returnConditioned, seed });
  try {
    const { reason } = await agent.fit(walks, {
      fraction,
      steps: quick ? 4 : STEPS,
      ...(!quick && { checkpoints: join(folder, `${kind}-${seed}`), checkpointEverySteps: 500 }),
      signal,
      onEvent: progressBar({ unit: 'walks', label: `${kind} ${seed}`, seconds: 30 }),
    });
    if (reason === 'aborted') return undefined;
    const options = { targetReturn: 1, episodes: quick ? 4 : 500, seed };
    return 100 * (await agent.evaluate(() => keyToDoor(), options)).successRate!;
  } finally {
    agent.dispose();
  }
}
