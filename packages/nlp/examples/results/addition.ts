/** minGPT's adder: sums of two-digit numbers by a GPT that learnt from other sums. */
import { join } from 'node:path';
import { additionProblems, answerQuestions } from '@heed/nlp';
import { defineResult, progressBar } from '@heed/node';
import { learnSums } from '../addition.ts';

export default defineResult({
  task: 'Sums of two-digit numbers',
  figures: { right: { name: 'right', unit: '%', digits: 1 } },
  baseline: 'the sum of the nearest problem to learn from (fewest digits that differ; the first of equals)',
  published: { value: '99.9 %: 999 of 1,000', source: "minGPT's adder, held-out sums of two digits" },
  minutes: 2,
  protocol:
    'All 10,000 pairs of numbers from 0 to 99, 1,000 held out by the seed. The digits of both numbers, then those of the sum, the ones first; a sum is ' +
    'right if all three digits are. minGPT’s gpt-nano without dropout: 3 layers, 3 heads, 48 wide; batches of 128, 3,000 steps of AdamW at 0.003 ' +
    'falling to a tenth; the last weights, the likeliest digit at every step.',
  data: [],
  run: async ({ folder, seed, quick, signal }) => {
    const { train, test } = additionProblems({ digits: 2, heldOut: 1000, seed });
    const { model, reason } = await learnSums(train, seed, {
      steps: quick ? 30 : 3000,
      checkpoints: join(folder, 'checkpoints'),
      signal,
      onEvent: progressBar({ unit: 'sums', label: 'GPT', seconds: 30 }),
    });
    if (reason === 'aborted') return undefined;
    const answers = await answerQuestions(
      model,
      test.map(({ question }) => question),
      3,
    );
    const right = test.filter(({ answer }, i) => String(answer) === String(answers[i])).length;
    const nearest = test.filter(({ question, answer }) => {
      const differing = train.map((each) => each.question.filter((digit, i) => digit !== question[i]).length);
      return String(train[differing.indexOf(Math.min(...differing))].answer) === String(answer);
    }).length;
    const weights = model.parameterCount();
    model.dispose();
    return {
      ours: { right: (100 * right) / test.length },
      baseline: { right: (100 * nearest) / test.length },
      details: { heldOut: test.length, heldOutRight: right, weights },
    };
  },
});
