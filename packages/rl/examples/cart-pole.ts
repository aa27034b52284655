/** CartPole by PPO: 500 steps are the most there is, 475 count as solved. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineExample, progressBar } from '@heed/node';
import { cartPole, PpoAgent, renderEpisode } from '@heed/rl';

export default defineExample({
  summary: 'Learns to balance a pole by PPO, and draws an episode.',
  minutes: { tensorflow: 1, wasm: 2 },
  run: async ({ signal, quick, folder, print }) => {
    const agent = new PpoAgent({ seed: 1 });
    // RL Zoo's settings for CartPole: few steps, all of a rollout in one batch
    const { reason, seconds } = await agent.fit(() => cartPole(), {
      environments: 8,
      rolloutSteps: 32,
      batchSize: 256,
      passes: 20,
      environmentSteps: quick ? 1024 : 100_000,
      learningRate: 1e-3,
      discount: 0.98,
      lambda: 0.8,
      entropyWeight: 0,
      clipValues: false,
      checkpoints: `${folder}/checkpoints`,
      signal,
      onEvent: progressBar({ unit: 'batches' }),
    });
    if (reason === 'aborted') return;
    const { meanReturn } = await agent.evaluate(() => cartPole(), { episodes: quick ? 2 : 100 });
    print(`${seconds.toFixed(0)} s of training; mean return ${meanReturn.toFixed(1)}`);

    const environment = cartPole();
    let { observation } = environment.reset({ seed: 7 });
    const pictures = [environment.render!()];
    for (let over = false; !over;) {
      const { action } = await agent.act([observation]);
      const step = environment.step(action as number);
      observation = step.observation;
      over = step.terminated || step.truncated;
      pictures.push(environment.render!());
    }
    await agent.save(join(folder, 'agent'));
    const page = join(folder, 'episode.html');
    writeFileSync(page, renderEpisode(pictures, { title: 'CartPole by PPO', framesPerSecond: 50 }));
    print(`${pictures.length - 1} steps in ${page}`);
    agent.dispose();
  },
});
