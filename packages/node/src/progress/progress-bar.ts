import type { TrainingEvent } from '@heed/training';
import { createLogUpdate } from 'log-update';
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

/** A terminal is redrawn at most every so many milliseconds. */
const REDRAW = 80;

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
 * const step = { epoch: 1, loss: 2.5, metrics: {}, learningRate: 1e-3, gradientNorm: 1, examples: 64, milliseconds: 40 };
 * show({ type: 'step', step: 5, totalSteps: 10, ...step });
 * // [===============               ] step 5/10, epoch 1, loss 2.5000, 1,600 words/s, 0 s left
 * show({ type: 'end', step: 5, reason: 'aborted' });
 * ```
 */
export function progressBar(options: ProgressBarOptions = {}): (event: TrainingEvent) => void {
  const { unit = 'examples', label, seconds = 10, stream = process.stderr } = options;
  const terminal = isTerminal(stream);
  const display = terminal ? redrawn(stream) : plain(stream, seconds);
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

/** Where a progress line goes: `show` may skip it, `keep` and `end` write it for good. */
interface Display {
  show(line: () => string): void;
  keep(line: string): void;
  end(line: string): void;
}

function redrawn(stream: NodeJS.WritableStream): Display {
  const log = createLogUpdate(stream);
  let drawnAt = -Infinity;
  return {
    show(line) {
      if (performance.now() - drawnAt < REDRAW) return;
      log(line());
      drawnAt = performance.now();
    },
    keep: (line) => log.persist(line),
    end(line) {
      log(line);
      log.done();
      drawnAt = -Infinity;
    },
  };
}

function plain(stream: NodeJS.WritableStream, seconds: number): Display {
  let writtenAt = -Infinity;
  const write = (line: string): void => {
    stream.write(`${line}\n`);
  };
  return {
    show(line) {
      if (performance.now() - writtenAt < seconds * 1000) return;
      write(line());
      writtenAt = performance.now();
    },
    keep: write,
    end(line) {
      write(line);
      writtenAt = -Infinity;
    },
  };
}

/** CI systems pretend to be terminals at times, and keep every redrawn line. */
function isTerminal(stream: NodeJS.WritableStream): boolean {
  return 'isTTY' in stream && stream.isTTY === true && !process.env.CI && process.env.TERM !== 'dumb';
}

function columnsOf(stream: NodeJS.WritableStream): number {
  return 'columns' in stream && typeof stream.columns === 'number' ? stream.columns : 80;
}
