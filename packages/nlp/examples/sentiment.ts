/**
 * Film sentences, positive or negative: published weights (MiniLM) learn it from a few thousand sentences by training small additions alone
 * (LoRA), and show what they looked at.
 *
 *     npx pnpm@12 demo nlp/sentiment                                  trains, classifies held-out sentences
 *     npx pnpm@12 demo nlp/sentiment --text "Far too long, but…"      classifies a sentence with the saved model
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { renderTerminal } from '@heed/attention-core';
import { allMiniLmL6, hutto, readHutto, splitMovieSentences, TextClassifier, type PredictedLabel } from '@heed/nlp';
import { defineExample, downloadBar, fetchData, progressBar } from '@heed/node';

/** What fits the time; `npx pnpm@12 results nlp/sentiment` trains on all 7,566. */
const SETTINGS = {
  tensorflow: { sentences: 3000, heldOut: 500 },
  wasm: { sentences: 400, heldOut: 100 },
  cpu: { sentences: 16, heldOut: 8 },
  quick: { sentences: 16, heldOut: 8 },
};

export default defineExample({
  summary: 'Learns from film reviews to tell positive from negative, by LoRA on published weights (MiniLM).',
  minutes: { tensorflow: 2, wasm: 6 },
  options: {
    text: { type: 'string', description: 'classify this sentence, and show what the last layer looked at' },
    sentences: { type: 'number', description: 'sentences to learn from (all: 7566); default: by backend' },
    epochs: { type: 'number', description: 'number of epochs', default: 2 },
    seed: { type: 'number', description: 'seed of weights, order of the data and dropout', default: 1 },
  },
  run: async ({ options, signal, quick, backend, folder, print }) => {
    const defaults = SETTINGS[quick ? 'quick' : backend.name];
    const { sentences = defaults.sentences, epochs, seed, text } = options;
    const home = join(folder, `${sentences}-sentences-${epochs}-epochs-seed-${seed}`);
    const trained = existsSync(join(home, 'config.json'));
    const { train, test } = splitMovieSentences(
      await readHutto(await fetchData(hutto, { signal, onEvent: downloadBar() }), 'movies'),
    );
    let classifier: TextClassifier;
    if (trained) {
      print(`Trained before, in ${home}`);
      classifier = await TextClassifier.load(home);
    } else {
      const weights = await fetchData(allMiniLmL6, { signal, onEvent: downloadBar() });
      const lora = { rank: 8, targets: /layers/ };
      classifier = await TextClassifier.fromPretrained(weights, { labels: ['positive', 'negative'], lora, seed });
      const share = (100 * classifier.trainableParameterCount) / classifier.parameterCount;
      print(
        `${classifier.trainableParameterCount} of ${classifier.parameterCount} weights are trained: ${share.toFixed(2)} %`,
      );
      const { reason } = await classifier.fit(train.slice(0, sentences), {
        epochs,
        learningRate: 0.001,
        checkpoints: join(home, 'checkpoints'),
        checkpointEverySteps: 50,
        signal,
        onEvent: progressBar({ unit: 'sentences', label: 'sentiment' }),
      });
      if (reason === 'aborted') return;
      await classifier.save(home);
    }

    if (text === undefined) {
      const heldOut = test.slice(0, defaults.heldOut);
      const { accuracy, predictions } = await classifier.evaluate(heldOut, { signal });
      print(`${(100 * accuracy).toFixed(1)} % of ${heldOut.length} held-out sentences are classified correctly`);
      for (const [i, prediction] of predictions.slice(0, 5).entries())
        print(`${describe(prediction)} (${heldOut[i].label})`);
    }
    const shown = await classifier.predict(text ?? test[0].text, { attention: true, truncation: 'end' });
    print(`\n${describe(shown)}\n${renderTerminal(shown.attention!.at(-1)!, { color: process.stdout.isTTY })}`);
    classifier.dispose();
  },
});

function describe({ text, label, probability }: PredictedLabel): string {
  return `${label} ${(100 * probability).toFixed(0).padStart(3)} %  ${text}`;
}
