/**
 * Addition: a small GPT learns sums of two-digit numbers from examples alone, and is asked about sums that it never saw (minGPT's adder). It
 * writes the ones first, as one adds by hand.
 *
 *     npx pnpm@12 demo nlp/addition                    learns (or goes on), is examined
 *     npx pnpm@12 demo nlp/addition --sum 85+50        adds two numbers
 */
import { join } from 'node:path';
import {
  additionProblems,
  answerQuestions,
  createGpt,
  fitLanguageModel,
  questionBatches,
  type Question,
} from '@heed/nlp';
import type { FitOptions } from '@heed/tasks';
import { defineExample, progressBar } from '@heed/node';

const STEPS = { tensorflow: 3000, wasm: 1500, cpu: 400, quick: 60 };

/** minGPT's gpt-nano without dropout, trained on sums. */
export async function learnSums(problems: readonly Question[], seed: number, options: FitOptions) {
  const model = createGpt(
    {
      vocabularySize: 10,
      maximumLength: 6,
      modelWidth: 48,
      layers: 3,
      heads: 3,
      feedForwardWidth: 192,
      epsilon: 1e-5,
      dropout: 0,
      attentionDropout: 0,
    },
    seed,
  );
  const batches = questionBatches(problems, { batchSize: 128, seed });
  const fit = { model, batches, seed };
  const { reason } = await fitLanguageModel(fit, { learningRate: 0.003, warmup: 1 / 30, ...options });
  return { model, reason };
}

export default defineExample({
  summary: 'Learns to add two-digit numbers from examples, and is examined on sums that it never saw.',
  minutes: { tensorflow: 1, wasm: 3 },
  options: {
    sum: { type: 'string', description: 'two numbers of two digits to add', default: '85+50' },
    steps: { type: 'number', description: 'updates; default: by backend' },
    seed: { type: 'number', description: 'of weights, order of the data and which sums are held out', default: 1 },
  },
  run: async ({ options, signal, quick, backend, folder, print }) => {
    const { sum, seed, steps = STEPS[quick ? 'quick' : backend.name] } = options;
    const asked = /^(\d\d?)\+(\d\d?)$/.exec(sum);
    if (asked === null)
      throw new Error(`addition: --sum must be two numbers of at most two digits, as 85+50, got ${sum}`);
    const { train, test } = additionProblems({ digits: 2, heldOut: 1000, seed });
    print(`${train.length} sums to learn from, ${test.length} held out`);
    const { model, reason } = await learnSums(train, seed, {
      steps,
      checkpoints: join(folder, `steps-${steps}-seed-${seed}`),
      signal,
      onEvent: progressBar({ unit: 'sums', label: 'addition' }),
    });
    if (reason === 'aborted') return;

    const answers = await answerQuestions(
      model,
      test.map(({ question }) => question),
      3,
      { signal },
    );
    const wrong = test
      .map((problem, i) => ({ ...problem, said: answers[i] }))
      .filter(({ answer, said }) => String(answer) !== String(said));
    print(`${test.length - wrong.length} of ${test.length} held-out sums right`);
    for (const { question, answer, said } of wrong.slice(0, 5)) {
      print(
        `  ${question.slice(0, 2).join('')} + ${question.slice(2).join('')} = ${number(answer)}, not ${number(said)}`,
      );
    }
    const question = [asked[1], asked[2]].flatMap((digits) => [...digits.padStart(2, '0')].map(Number));
    const [answer] = await answerQuestions(model, [question], 3);
    print(`${asked[1]} + ${asked[2]} = ${number(answer)}`);
    model.dispose();
  },
});

/** Digits are written the ones first. */
function number(digits: readonly number[]): number {
  return Number([...digits].reverse().join(''));
}
