/** An episode of CartPole and one of MountainCar, played by rules of thumb, as pages that can be opened in a browser. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineExample } from '@heed/node';
import { cartPole, mountainCar, renderEpisode, type Environment } from '@heed/rl';

const RULES: readonly (readonly [string, () => Environment, (observation: Float32Array) => number])[] = [
  ['cart-pole', () => cartPole(), ([, , angle, spin]) => Number(angle + 0.5 * spin > 0)],
  ['mountain-car', () => mountainCar(), ([, velocity]) => (velocity < 0 ? 0 : 2)],
];

export default defineExample({
  summary: 'Plays CartPole and MountainCar by rules of thumb, and draws them.',
  minutes: { tensorflow: 0.1, wasm: 0.1 },
  run: async ({ folder, quick, print }) => {
    mkdirSync(folder, { recursive: true });
    for (const [name, make, rule] of RULES) {
      const environment = make();
      let { observation } = environment.reset({ seed: 7 });
      const pictures = [environment.render!()];
      let total = 0;
      const most = quick ? 20 : 1000;
      for (let over = false; !over && pictures.length < most;) {
        const step = environment.step(rule(observation as Float32Array));
        observation = step.observation;
        total += step.reward;
        over = step.terminated || step.truncated;
        pictures.push(environment.render!());
      }
      const page = join(folder, `${name}.html`);
      writeFileSync(page, renderEpisode(pictures, { title: name }));
      print(`${name}: ${pictures.length - 1} steps, return ${total}; ${page}`);
      print(pictures.at(-1)!.text);
    }
  },
});
