/** Tiny Shakespeare letter by letter with nanoGPT's setting for a CPU: the loss on all of the validation text. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTinyShakespeare, TextGenerator, tinyShakespeare } from '@heed/nlp';
import { defineResult, fetchData, progressBar } from '@heed/node';

const FULL = { steps: 2000, measured: Infinity };
const QUICK = { steps: 30, measured: 2000 };

export default defineResult({
  task: 'Characters of tiny Shakespeare',
  figures: { loss: { name: 'validation loss', unit: 'nats' } },
  baseline: 'each letter foretold from the one before it: counts of pairs in the training text, one added to each',
  published: {
    value: 'validation loss 1.88',
    source: "nanoGPT's README, the same setting on a CPU: the mean over 20 random batches",
  },
  minutes: 6,
  protocol:
    'karpathy/char-rnn input.txt, the first 90 % to train on, the last 111,540 characters to measure on, all of them in windows of 64 one after the ' +
    'other. 4 layers, 4 heads, 128 wide, windows of 64, batches of 12, 2,000 steps; AdamW at 0.001 falling to 0.0001 along a cosine after 100 steps of ' +
    'warm-up, β₂ 0.99, weight decay 0.1 on matrices, gradients clipped to norm 1, no dropout; the last weights. New positions are sinusoids (models/gpt/gpt.ts); ' +
    'nanoGPT draws them, and trains without biases.',
  data: [tinyShakespeare],
  run: async ({ folder, seed, quick, signal, print }) => {
    const { train, validation } = await readTinyShakespeare(await fetchData(tinyShakespeare, { signal }));
    const { steps, measured } = quick ? QUICK : FULL;
    const heldOut = validation.slice(0, measured);
    const home = join(folder, 'generator');
    let generator: TextGenerator;
    if (existsSync(join(home, 'config.json'))) generator = await TextGenerator.load(home);
    else {
      generator = new TextGenerator(quick ? { width: 32, layers: 1, heads: 2, seed } : { seed });
      const { reason } = await generator.fit(train, {
        steps,
        checkpoints: join(home, 'checkpoints'),
        checkpointEverySteps: 500,
        signal,
        onEvent: progressBar({ unit: 'windows', label: 'GPT', seconds: 30 }),
      });
      if (reason === 'aborted') return undefined;
      await generator.save(home);
    }
    const { loss, perplexity, bitsPerCharacter, tokens } = await generator.evaluate(heldOut);
    const sample = await generator.generate('\n', { maximumTokens: 300, temperature: 0.8, seed });
    print(sample.text);
    const weights = generator.model.parameterCount();
    generator.dispose();
    return {
      ours: { loss },
      baseline: { loss: pairLoss(train, heldOut) },
      details: { characters: tokens, weights, perplexity, bitsPerCharacter, sample: sample.text },
    };
  },
});

/** Mean −ln p of every character but the first, by counts of pairs. */
function pairLoss(train: string, text: string): number {
  const letters = new Set(train).size;
  const pairs = new Map<string, number>();
  const firsts = new Map<string, number>();
  for (let i = 0; i + 1 < train.length; i++) {
    pairs.set(train.slice(i, i + 2), (pairs.get(train.slice(i, i + 2)) ?? 0) + 1);
    firsts.set(train[i], (firsts.get(train[i]) ?? 0) + 1);
  }
  let nats = 0;
  for (let i = 0; i + 1 < text.length; i++) {
    nats -= Math.log(((pairs.get(text.slice(i, i + 2)) ?? 0) + 1) / ((firsts.get(text[i]) ?? 0) + letters));
  }
  return nats / (text.length - 1);
}
