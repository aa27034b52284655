/** A corridor with a cue at its beginning that is needed at its end: what an agent that attends to its past looks at, and what is left when it may not. */
import { join } from 'node:path';
import { defineExample, progressBar, writeReport } from '@heed/node';
import { passiveTMaze, PpoAgent } from '@heed/rl';

export default defineExample({
  summary: 'Learns to remember a cue through a corridor, shows which step is looked at, and hides it.',
  minutes: { tensorflow: 5, wasm: 15 },
  options: {
    length: { type: 'number', description: 'length of the corridor', default: 10 },
    steps: { type: 'number', description: 'steps of all environments', default: 200_000 },
  },
  run: async ({ options, signal, quick, folder, print }) => {
    const length = quick ? 3 : options.length;
    const make = () => passiveTMaze({ length });
    const agent = new PpoAgent({
      architecture: 'gtrxl',
      layers: 1,
      modelWidth: 32,
      heads: 1,
      memoryLength: length + 1,
    });
    const { reason, seconds } = await agent.fit(make, {
      environments: quick ? 4 : 16,
      rolloutSteps: quick ? 8 : 64,
      batchSize: quick ? 32 : 256,
      environmentSteps: quick ? 256 : options.steps,
      learningRate: 1e-3,
      entropyWeight: 0.05,
      finalEntropyWeight: 0,
      checkpoints: `${folder}/checkpoints/${length}-${options.steps}-steps`,
      signal,
      onEvent: progressBar({ unit: 'batches' }),
    });
    if (reason === 'aborted') return;
    const episodes = quick ? 4 : 200;
    const percent = async (hide?: (time: number) => number[]) => {
      const { successRate = 0 } = await agent.evaluate(make, { episodes, ...(hide && { hide }) });
      return `${(100 * successRate).toFixed(1)} %`;
    };
    print(`${seconds.toFixed(0)} s of training`);
    print(`the goal is found in ${await percent()} of ${episodes} episodes`);
    print(`… where the cue is hidden at the junction: ${await percent((time) => (time === length ? [0] : []))}`);
    print(`… where another step is: ${await percent((time) => (time === length ? [Math.ceil(length / 2)] : []))}`);

    const maze = passiveTMaze({ length });
    const observations = [maze.reset({ options: { goal: 1 } }).observation];
    while (observations.length <= length) observations.push(maze.step(0).observation);
    const { attention = [] } = await agent.act(observations, { attention: true });
    const looked = attention[0].weights.at(-1)!;
    const most = looked.indexOf(Math.max(...looked));
    print(`at the junction it looks most at step ${most} (${(100 * looked[most]).toFixed(0)} %)`);
    const page = join(folder, 'attention.html');
    await writeReport(page, { attention });
    print(page);
    agent.dispose();
  },
});
