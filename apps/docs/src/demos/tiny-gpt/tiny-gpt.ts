import { TextGenerator } from '@heed/nlp';

export interface TinyGptOptions {
  /** Where the text stands that is learned from. */
  readonly text: string;
  readonly steps: number;
  readonly seed: number;
  /** Learning stops once the mean loss of 20 steps is below: nats a character. */
  readonly goal: number;
}

export type TinyGptProgress =
  | { readonly kind: 'step'; readonly step: number; readonly steps: number; readonly loss: number }
  | { readonly kind: 'sample'; readonly text: string };

export interface TinyGpt {
  /** Mean loss of the last 20 steps, nats a character. */
  readonly loss: number;
  readonly steps: number;
  readonly reached: boolean;
  readonly sample: string;
  readonly seconds: number;
}

const MEAN_OVER = 20;

/** A character GPT that learns a text in the page, and writes on. */
export async function tinyGpt(
  { text, steps, seed, goal }: TinyGptOptions,
  report: (progress: TinyGptProgress) => void,
): Promise<TinyGpt> {
  const response = await fetch(text);
  if (!response.ok) throw new Error(`The text did not load: ${response.status}.`);
  const generator = new TextGenerator({ contextLength: 48, width: 64, layers: 2, heads: 4, seed });
  const goalReached = new AbortController();
  const losses: number[] = [];
  const mean = () => {
    const last = losses.slice(-MEAN_OVER);
    return last.reduce((sum, loss) => sum + loss, 0) / last.length;
  };
  const began = performance.now();
  await generator.fit(await response.text(), {
    steps,
    batchSize: 16,
    learningRate: 0.004,
    signal: goalReached.signal,
    onEvent: (event) => {
      if (event.type !== 'step') return;
      losses.push(event.loss);
      report({ kind: 'step', step: event.step, steps, loss: event.loss });
      if (losses.length >= MEAN_OVER && mean() < goal) goalReached.abort();
    },
  });
  const seconds = (performance.now() - began) / 1000;
  let sample = '';
  for await (const piece of generator.stream('Attention ', { maximumTokens: 160, temperature: 0.7, seed })) {
    sample += piece;
    report({ kind: 'sample', text: sample });
  }
  generator.dispose();
  return { loss: mean(), steps: losses.length, reached: goalReached.signal.aborted, sample, seconds };
}
