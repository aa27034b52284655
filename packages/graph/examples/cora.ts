import { cora, NodeClassifier, normaliseRows, readPlanetoid } from '@heed/graph';
import { defineExample, fetchData, progressBar } from '@heed/node';

export default defineExample({
  summary: 'Finds the field of 2,708 papers (Cora) from 140 labelled ones, by attention over citations.',
  minutes: { tensorflow: 0.5, wasm: 6 },
  options: {
    model: {
      type: 'string',
      description: 'what to train; mlp sees no citations',
      choices: ['gat', 'gatv2', 'mlp'],
      default: 'gat',
    },
    seed: { type: 'number', description: 'seed of weights and dropout', default: 1 },
  },
  run: async ({ options, signal, quick, folder, print }) => {
    const papers = await readPlanetoid(await fetchData(cora, { signal }), 'cora');
    const data = { ...papers, features: normaliseRows(papers.features) };

    const classifier = new NodeClassifier({ architecture: options.model, seed: options.seed });
    const history = await classifier.fit(data, {
      epochs: quick ? 20 : 1000,
      checkpoints: `${folder}/checkpoints/${options.model}-${options.seed}`,
      checkpointEverySteps: 50,
      signal,
      onEvent: quietBar(),
    });
    if (history.reason === 'aborted') return;
    const { accuracy } = await classifier.evaluate(data);
    print(
      `${options.model}: ${(100 * accuracy).toFixed(1)} % of 1,000 test papers (best epoch ${history.best?.epoch})`,
    );
    await classifier.save(folder);
    classifier.dispose();
  },
});

/** A progress bar without a line for each of the evaluations. */
function quietBar(): ReturnType<typeof progressBar> {
  const show = progressBar({ unit: 'labels' });
  return (event) => {
    if (event.type !== 'evaluation') show(event);
  };
}
