/**
 * Sorting: a small GPT learns from examples alone to put digits in order, and is asked about sequences that it never saw (minGPT's
 * demonstration). Its attention shows how it counts.
 *
 *     npx pnpm@12 demo nlp/sorting                       learns (or goes on), is examined, writes a report
 *     npx pnpm@12 demo nlp/sorting --digits 201210       sorts six digits of 0, 1 and 2
 */
import { join } from 'node:path';
import { capture, labelMap, renderTerminal, type LabelledMap } from '@heed/attention-core';
import {
  answerQuestions,
  createGpt,
  fitLanguageModel,
  questionBatches,
  sortingProblems,
  type Gpt,
  type Question,
} from '@heed/nlp';
import type { FitOptions } from '@heed/tasks';
import { defineExample, progressBar, writeReport } from '@heed/node';
import * as tf from '@tensorflow/tfjs';

const LENGTH = 6;
const STEPS = { tensorflow: 1500, wasm: 800, cpu: 400, quick: 60 };

/** minGPT's gpt-nano, trained on sequences and their order. */
export async function learnToSort(problems: readonly Question[], seed: number, options: FitOptions) {
  const model = createGpt(
    {
      vocabularySize: 3,
      maximumLength: 2 * LENGTH - 1,
      modelWidth: 48,
      layers: 3,
      heads: 3,
      feedForwardWidth: 192,
      epsilon: 1e-5,
      dropout: 0.1,
      attentionDropout: 0.1,
    },
    seed,
  );
  const batches = questionBatches(problems, { batchSize: 64, seed });
  const fit = { model, batches, seed };
  const { reason, losses } = await fitLanguageModel(fit, { learningRate: 0.002, ...options });
  return { model, reason, losses };
}

export default defineExample({
  summary: 'Learns to sort digits from examples, and is examined on sequences that it never saw.',
  minutes: { tensorflow: 1, wasm: 2 },
  options: {
    digits: { type: 'string', description: `${LENGTH} digits of 0, 1 and 2 to sort`, default: '201210' },
    steps: { type: 'number', description: 'updates; default: by backend' },
    seed: { type: 'number', description: 'of weights, order of the data and which sequences are held out', default: 1 },
  },
  run: async ({ options, signal, quick, backend, folder, print }) => {
    const { digits, seed, steps = STEPS[quick ? 'quick' : backend.name] } = options;
    if (!new RegExp(`^[012]{${LENGTH}}$`).test(digits)) {
      throw new Error(`sorting: --digits must be ${LENGTH} digits of 0, 1 and 2, got ${digits}`);
    }
    const { train, test } = sortingProblems({ length: LENGTH, digits: 3, seed });
    print(`${train.length} sequences to learn from, ${test.length} held out`);
    const { model, reason, losses } = await learnToSort(train, seed, {
      steps,
      checkpoints: join(folder, `steps-${steps}-seed-${seed}`),
      signal,
      onEvent: progressBar({ unit: 'sequences', label: 'sorting' }),
    });
    if (reason === 'aborted') return;

    const answers = await answerQuestions(
      model,
      test.map(({ question }) => question),
      LENGTH,
      { signal },
    );
    const right = test.filter(({ answer }, i) => String(answer) === String(answers[i])).length;
    print(`${right} of ${test.length} held-out sequences sorted right`);

    const question = [...digits].map(Number);
    const [answer] = await answerQuestions(model, [question], LENGTH);
    const maps = mapsOf(model, [...question, ...answer]);
    print(`\n${digits} → ${answer.join('')}\n`);
    print(renderTerminal(maps.at(-1)!, { color: process.stdout.isTTY }));
    const report = await writeReport(join(folder, 'report.html'), {
      title: 'Sorting, learnt from examples',
      summary: `${right} of ${test.length} held-out sequences right after ${steps} steps, seed ${seed}, ${backend.name}.`,
      sections: [
        {
          title: 'Loss',
          text: 'Of the sorted digits.',
          lineChart: {
            x: 'step',
            y: 'loss (nats)',
            series: [{ name: 'training', points: losses.map(({ step, loss }) => [step, loss]) }],
          },
        },
        {
          title: 'Held-out sequences',
          table: {
            columns: ['digits', 'answered', 'right'],
            rows: test
              .slice(0, 12)
              .map((each, i) => [each.question.join(''), answers[i].join(''), each.answer.join('')]),
          },
        },
        {
          title: `What it looks at, sorting ${digits}`,
          text: 'One row for each digit that it writes next, one column for each that it has seen: the six given, then those written.',
          attention: maps,
          axes: { rows: 'writes', columns: 'seen' },
        },
      ],
    });
    print(`\nReport: ${report}`);
    model.dispose();
  },
});

/** The rows in which an answer is written, layer by layer, the mean of the heads. */
function mapsOf(model: Gpt, tokens: readonly number[]): LabelledMap[] {
  const seen = tokens.slice(0, -1);
  const input = tf.tensor2d([seen], [1, seen.length], 'int32');
  const queries = seen.map((_, i) => i).slice(LENGTH - 1);
  const { result, maps } = capture(() => model.forward(input), { queries });
  const labelled = maps.map((map) =>
    labelMap(map, { rows: tokens.slice(LENGTH).map(String), columns: seen.map(String) }),
  );
  tf.dispose([input, result, ...maps.map(({ weights }) => weights)]);
  return labelled;
}
