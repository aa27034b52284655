import type { EvaluationEvent, StepEvent } from '@heed/training';
import { formatDuration } from './duration.ts';

/** How fast older steps are forgotten: the mean lies over about the last 50. */
const DECAY = 0.98;

/** Running means over the steps of a training run: what a progress line says. */
export class TrainingProgress {
  readonly #unit: string;
  #last: StepEvent | undefined;
  #weight = 0;
  #loss = 0;
  #examples = 0;
  #milliseconds = 0;

  /** @param unit what an example is called, e.g. `words` */
  constructor(unit: string) {
    this.#unit = unit;
  }

  add(event: StepEvent): void {
    this.#last = event;
    this.#weight = DECAY * this.#weight + 1;
    this.#loss = DECAY * this.#loss + event.loss;
    this.#examples = DECAY * this.#examples + event.examples;
    this.#milliseconds = DECAY * this.#milliseconds + event.milliseconds;
  }

  /** Done steps over all, 0 to 1; undefined where the data's length is not known. */
  get fraction(): number | undefined {
    const { step, totalSteps } = this.#last ?? { step: 0 };
    return totalSteps === undefined || totalSteps === 0 ? undefined : Math.min(1, step / totalSteps);
  }

  /** `step 420/1000, epoch 2, loss 1.2340, 1,234 words/s, 1 min 20 s left` */
  get parts(): string[] {
    const last = this.#last;
    if (last === undefined) return ['starting'];
    const { step, totalSteps, epoch } = last;
    const parts = [`step ${step}${totalSteps === undefined ? '' : `/${totalSteps}`}`, `epoch ${epoch + 1}`];
    parts.push(`loss ${formatNumber(this.#loss / this.#weight)}`);
    if (this.#milliseconds > 0) {
      const rate = (1000 * this.#examples) / this.#milliseconds;
      parts.push(`${rate >= 10 ? Math.round(rate).toLocaleString('en') : rate.toPrecision(2)} ${this.#unit}/s`);
    }
    if (totalSteps !== undefined && step < totalSteps) {
      const perStep = this.#milliseconds / this.#weight / 1000;
      parts.push(`${formatDuration((totalSteps - step) * perStep)} left`);
    }
    return parts;
  }
}

/** `step 400: accuracy 0.9312, loss 1.0410 (best so far)` */
export function describeEvaluation({ step, metrics, best }: EvaluationEvent): string {
  const figures = Object.entries(metrics).map(([name, value]) => `${name} ${formatNumber(value)}`);
  return `step ${step}: ${figures.join(', ')}${best ? ' (best so far)' : ''}`;
}

function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) return value.toExponential(2);
  return value.toFixed(Math.abs(value) >= 100 ? 1 : 4);
}

/** A bar of `width` characters, `fraction` of which are done. */
export function drawBar(fraction: number, width: number): string {
  const done = Math.round(fraction * width);
  return `[${'='.repeat(done)}${' '.repeat(width - done)}]`;
}
