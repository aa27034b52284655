/**
 * A small GPT learns Shakespeare letter by letter (nanoGPT's setting for a CPU), and writes on as it goes.
 *
 *     npx pnpm@12 demo nlp/shakespeare                          trains (or goes on), measures, writes
 *     npx pnpm@12 demo nlp/shakespeare --prompt "ROMEO:"        goes on from a text with the saved model, as fast as it writes
 *
 * The steps: data → a generator of characters → training, with the validation loss as it falls → a stream of text → a report.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTinyShakespeare, TextGenerator, tinyShakespeare } from '@heed/nlp';
import { defineExample, downloadBar, fetchData, progressBar, writeReport } from '@heed/node';

/** What fits the time: nanoGPT's CPU setting natively, fewer steps where matrices are slower. */
const SETTINGS = {
  tensorflow: { width: 128, layers: 4, steps: 2000, batch: 12, rate: 0.001, measured: 111_540 },
  wasm: { width: 128, layers: 4, steps: 1000, batch: 12, rate: 0.002, measured: 30_000 },
  cpu: { width: 64, layers: 2, steps: 200, batch: 8, rate: 0.005, measured: 5000 },
  quick: { width: 32, layers: 1, steps: 100, batch: 8, rate: 0.01, measured: 3000 },
};

type Points = (readonly [step: number, loss: number])[];

export default defineExample({
  summary: 'Learns Shakespeare letter by letter with a small GPT, and writes on from any beginning.',
  minutes: { tensorflow: 3, wasm: 7 },
  options: {
    prompt: { type: 'string', description: 'what to go on from', default: 'ROMEO:' },
    length: { type: 'number', description: 'letters to write', default: 400 },
    temperature: { type: 'number', description: '0 takes the likeliest letter, more is more daring', default: 0.8 },
    steps: { type: 'number', description: 'updates; default: by backend' },
    seed: { type: 'number', description: 'of weights, order of the data and what is drawn', default: 1 },
  },
  run: async ({ options, signal, quick, backend, folder, print }) => {
    const defaults = SETTINGS[quick ? 'quick' : backend.name];
    const { steps = defaults.steps } = options;
    const { prompt, length, temperature, seed } = options;
    const home = join(folder, `${defaults.layers}-layers-${defaults.width}-wide-${steps}-steps-seed-${seed}`);
    const note = join(home, 'training.json');
    const before = existsSync(note)
      ? (JSON.parse(await readFile(note, 'utf8')) as { finished: boolean; losses: Points; validation: Points })
      : undefined;
    let [losses, validation] = [before?.losses ?? [], before?.validation ?? []];
    let generator: TextGenerator;
    if (before?.finished === true) {
      print(`Trained before, in ${home}`);
      generator = await TextGenerator.load(home);
    } else {
      const data = await readTinyShakespeare(await fetchData(tinyShakespeare, { signal, onEvent: downloadBar() }));
      generator = new TextGenerator({ width: defaults.width, layers: defaults.layers, heads: 4, seed });
      const history = await generator.fit(data.train, {
        steps,
        batchSize: defaults.batch,
        learningRate: defaults.rate,
        validation: data.validation.slice(0, defaults.measured),
        evaluateEverySteps: Math.ceil(steps / 4),
        checkpoints: join(home, 'checkpoints'),
        checkpointEverySteps: Math.ceil(steps / 4),
        signal,
        onEvent: progressBar({ unit: 'windows', label: 'Shakespeare' }),
      });
      const earlier = (points: Points) => points.filter(([step]) => step < (history.losses[0]?.step ?? 0));
      losses = [...earlier(losses), ...history.losses.map(({ step, loss }) => [step, loss] as const)];
      validation = [
        ...earlier(validation),
        ...history.evaluations.map(({ step, metrics }) => [step, metrics.loss] as const),
      ];
      const finished = history.reason === 'finished';
      await generator.save(home);
      await writeFile(note, JSON.stringify({ finished, losses, validation }));
      if (!finished)
        return print(`Saved after ${history.steps} of ${steps} steps; the same command goes on from there.`);
    }
    const reached = validation.at(-1)?.[1] ?? NaN;
    print(
      `${generator.model.parameterCount()} weights; validation loss ${reached.toFixed(3)}: ` +
        `${(reached / Math.LN2).toFixed(2)} bits a letter (for comparison, nanoGPT's README: 1.88 after 2,000 steps)\n`,
    );

    const write = { maximumTokens: length, temperature, seed, signal, truncation: 'start' } as const;
    process.stdout.write(prompt);
    let text = prompt;
    for await (const piece of generator.stream(prompt, write)) {
      process.stdout.write(piece);
      text += piece;
    }
    process.stdout.write('\n\n');

    const { heads } = await generator.generate(text.slice(-30), {
      maximumTokens: 1,
      attention: 'heads',
      truncation: 'start',
    });
    const report = await writeReport(join(folder, 'report.html'), {
      title: 'Shakespeare, letter by letter',
      summary: `${tinyShakespeare.source}. ${steps} steps of ${defaults.batch} windows, seed ${seed}, ${backend.name}.`,
      sections: [
        {
          title: 'Loss',
          text: 'Nats a letter; a model that knows nothing has ln 65 = 4.17.',
          lineChart: {
            x: 'step',
            y: 'loss (nats)',
            series: [
              { name: 'training', points: losses },
              { name: 'validation', points: validation },
            ],
          },
        },
        { title: 'Written', text },
        {
          title: 'What each letter looked at',
          text: 'Head by head: on the left each of the last letters, on the right those before it and itself.',
          heads: heads ?? [],
        },
      ],
    });
    print(`Report: ${report}`);
    generator.dispose();
  },
});
