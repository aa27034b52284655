/** A key that is needed much later, learned from random walks of which one in thirty opened the door: asked for the reward, the agent does what those did. */
import { defineExample, progressBar } from '@heed/node';
import { DecisionAgent, keyToDoor, randomTrajectories, returnOf } from '@heed/rl';

export default defineExample({
  summary: 'Learns to fetch a key from 10,000 random walks, by Decision Transformer and by cloning.',
  minutes: { tensorflow: 6, wasm: 40 },
  run: async ({ signal, quick, folder, print }) => {
    const make = () => keyToDoor();
    const walks = randomTrajectories(make, { episodes: quick ? 100 : 10_000, seed: 1 });
    const share = walks.trajectories.filter((walk) => returnOf(walk) > 0).length / walks.trajectories.length;
    const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
    print(`random walks open the door in ${percent(share)} of all episodes`);
    for (const [name, returnConditioned, fraction] of [
      ['Decision Transformer', true, 1],
      ['cloning', false, 1],
      ['cloning of the best tenth', false, 0.1],
    ] as const) {
      const sizes = quick ? { modelWidth: 16, layers: 1 } : { modelWidth: 64, layers: 2 };
      const agent = new DecisionAgent({ ...sizes, contextLength: 30, maximumSteps: 30, returnConditioned });
      const { reason } = await agent.fit(walks, {
        fraction,
        steps: quick ? 4 : 1500,
        batchSize: 64,
        checkpoints: `${folder}/checkpoints/${name.replaceAll(' ', '-')}`,
        signal,
        onEvent: progressBar({ unit: 'walks', label: name }),
      });
      if (reason === 'aborted') return;
      const { successRate = 0 } = await agent.evaluate(make, { targetReturn: 1, episodes: quick ? 4 : 200 });
      print(`${name}: ${percent(successRate)}`);
      agent.dispose();
    }
  },
});
