const HEED = 'Heed, native';
const WIDTH = 128;
const WINDOW = 128;
const FILTER = 5;

const LENGTHS = [64, 512, 4096];

/** @param path how many steps lead from the first position to the last */
const row = (work: string, length: number, given: object, steps: number, path: string) => ({
  work,
  subject: { contender: HEED, case: { length, width: WIDTH, ...given } },
  facts: { L: length, 'sequential steps': steps, 'longest path': path },
  tensors: true,
  rounds: length > 1000 ? 3 : 5,
});
const layers = (count: number) => `${count} ${count === 1 ? 'layer' : 'layers'}`;

export const benchmark = {
  title: 'Attention beside recurrence and convolution',
  about:
    `One layer of width ${WIDTH}, one sequence, forward and backward. The longest path is what separates the first position from the ` +
    'last: what a gradient has to travel. Attention reaches everything in one step and pays with L² scores; a window of ' +
    `${WINDOW} or a filter of ${FILTER} costs L, and needs layers to reach far; a recurrent layer reaches far in one layer, one step ` +
    'after the other.',
  contenders: { [HEED]: { file: 'layers.heed.ts', backend: 'tensorflow' } },
  rows: LENGTHS.flatMap((length) => [
    row('self-attention, 4 heads, causal', length, { layer: 'attention' }, 1, layers(1)),
    row(
      `self-attention, window of ${WINDOW}`,
      length,
      { layer: 'window', span: WINDOW },
      1,
      layers(Math.ceil(length / WINDOW)),
    ),
    row('recurrent (LSTM)', length, { layer: 'lstm' }, length, `${length} steps`),
    row(
      `convolution of ${FILTER}`,
      length,
      { layer: 'convolution', span: FILTER },
      1,
      layers(Math.ceil((length - 1) / (FILTER - 1))),
    ),
  ]),
};
