/** minGPT's demonstration: six digits of three sorted by a GPT that learnt from other sequences. */
import { join } from 'node:path';
import { Random } from '@heed/attention-core';
import { answerQuestions, sortingProblems } from '@heed/nlp';
import { defineResult, progressBar } from '@heed/node';
import { learnToSort } from '../sorting.ts';

const DRAWS = 5000;

export default defineResult({
  task: 'Sorting six digits of three',
  figures: { right: { name: `right of ${DRAWS}`, digits: 0 } },
  published: { value: '5000 of 5000', source: "minGPT's demo.ipynb, 2,000 steps" },
  minutes: 1,
  protocol:
    'All 729 sequences, a quarter held out by the seed; 5,000 are drawn from those held out, as minGPT draws them, and an answer is right if all six ' +
    'digits are. minGPT’s gpt-nano: 3 layers, 3 heads, 48 wide, dropout 0.1; batches of 64, 1,500 steps of AdamW at 0.002 falling to a tenth; ' +
    'the last weights, the likeliest digit at every step.',
  data: [],
  run: async ({ folder, seed, quick, signal }) => {
    const { train, test } = sortingProblems({ length: 6, digits: 3, seed });
    const { model, reason } = await learnToSort(train, seed, {
      steps: quick ? 30 : 1500,
      checkpoints: join(folder, 'checkpoints'),
      signal,
      onEvent: progressBar({ unit: 'sequences', label: 'GPT', seconds: 30 }),
    });
    if (reason === 'aborted') return undefined;
    const answers = await answerQuestions(
      model,
      test.map(({ question }) => question),
      6,
    );
    const correct = test.map(({ answer }, i) => String(answer) === String(answers[i]));
    const random = new Random(seed).fork('draws');
    const drawn = Array.from({ length: DRAWS }, () => random.integer(test.length));
    const weights = model.parameterCount();
    model.dispose();
    return {
      ours: { right: drawn.filter((index) => correct[index]).length },
      details: { heldOut: test.length, heldOutRight: correct.filter(Boolean).length, weights },
    };
  },
});
