import type { TrainingEvent } from '@heed/training';
import { columnsOf, createDisplay, isTerminal } from './display.ts';
import { formatDuration } from './duration.ts';
import { describeEvaluation, drawBar, TrainingProgress } from './training-progress.ts';

export interface ProgressBarOptions {
  /** What the rate counts. Default `examples`. */
  readonly unit?: string;
  /** Words before the line, e.g. the model's name where several are trained. Default none. */
  readonly label?: string;
  /** Where there is no terminal, a line is written every so many seconds. Default 10. */
  readonly seconds?: number;
  /** Default stderr, so that a program's own output can be piped on. */
  readonly stream?: NodeJS.WritableStream;
}

/**
 * Shows a training run: loss, examples per second and time left. On a terminal one line is redrawn; elsewhere (a file, CI)
 * plain lines are written now and then. Evaluations stay to be read.
 *
 * @returns a consumer of training events
 *
 * @example
 * ```ts
 * import { progressBar } from '@heed/node';
 * const show = progressBar({ unit: 'words' });
 * const step = { epoch: 0, loss: 2.5, metrics: {}, learningRate: 1e-3, gradientNorm: 1, examples: 64, milliseconds: 40 };
 * show({ type: 'step', step: 5, totalSteps: 10, ...step });
 * // [===============               ] step 5/10, epoch 1, loss 2.5000, 1,600 words/s, 0 s left
 * show({ type: 'end', step: 5, reason: 'aborted', history: { losses: [2.5], epochs: [], evaluations: [] } });
 * ```
 */
export function progressBar(options: ProgressBarOptions = {}): (event: TrainingEvent) => void {
  const { unit = 'examples', label, seconds = 10, stream = process.stderr } = options;
  const terminal = isTerminal(stream);
  const display = createDisplay(stream, seconds);
  const before = label === undefined ? '' : `${label}: `;
  let progress = new TrainingProgress(unit);
  let begun = performance.now();

  const line = (): string => before + progress.parts.join(', ');
  const drawn = (): string => {
    const { fraction } = progress;
    if (!terminal || fraction === undefined) return line();
    const free = columnsOf(stream) - line().length - 4;
    return free < 8 ? line() : `${drawBar(fraction, Math.min(30, free))} ${line()}`;
  };

  return (event) => {
    switch (event.type) {
      case 'start':
        progress = new TrainingProgress(unit);
        begun = performance.now();
        for (const [name, reason] of Object.entries(event.damaged))
          display.keep(`${before}passed over ${name}: ${reason}`);
        if (event.step > 0) display.keep(`${before}going on from step ${event.step}`);
        break;
      case 'recording':
        display.show(() => `${before}recorded step ${event.step} as ${event.operations} operations`);
        break;
      case 'step':
        progress.add(event);
        display.show(drawn);
        break;
      case 'evaluation':
        display.keep(before + describeEvaluation(event));
        break;
      case 'checkpoint-failed':
        display.keep(`${before}no checkpoint at step ${event.step}: ${event.error.message}`);
        break;
      case 'end':
        display.end(`${line()}, ${event.reason} after ${formatDuration((performance.now() - begun) / 1000)}`);
        break;
      case 'epoch':
      case 'checkpoint':
        break;
    }
  };
}
