/** Which molecules pass from the blood into the brain: a classifier of whole graphs, split at random. */
import { Random } from '@heed/attention-core';
import {
  b3db,
  GraphClassifier,
  joinColumns,
  moleculeGraph,
  parseB3db,
  randomWalkPositions,
  type GraphData,
} from '@heed/graph';
import { areaUnderRoc } from '@heed/tasks';
import { defineExample, fetchData, progressBar } from '@heed/node';

const CLASS_NAMES = ['stays in the blood', 'passes'];

export default defineExample({
  summary: 'Classifies molecules (B3DB, from SMILES) by attention over bonds and pooling over atoms.',
  minutes: { tensorflow: 10, wasm: 60 },
  options: {
    model: { type: 'string', description: 'what to train', choices: ['gatv2', 'transformer'], default: 'gatv2' },
    epochs: { type: 'number', description: 'maximum number of epochs', default: 30 },
    seed: { type: 'number', description: 'seed of the split, weights and dropout', default: 1 },
  },
  run: async ({ options, signal, quick, folder, print }) => {
    const { model, seed } = options;
    const text = await (await fetchData(b3db, { signal })).text('B3DB_classification.tsv');
    const molecules = new Random(seed).shuffle(parseB3db(text)).slice(0, quick ? 200 : undefined);
    print(`reading ${molecules.length} molecules`);
    const graphs = molecules.map(({ smiles }) => withPositions(moleculeGraph(smiles)));
    const labels = Int32Array.from(molecules, ({ permeable }) => Number(permeable));
    const [trained, validated] = [0.8, 0.9].map((share) => Math.floor(share * graphs.length));
    const range = (start: number, end: number) => Int32Array.from({ length: end - start }, (_, i) => start + i);
    const split = {
      train: range(0, trained),
      validation: range(trained, validated),
      test: range(validated, graphs.length),
    };

    const classifier = new GraphClassifier({
      architecture: model,
      layers: 3,
      featureDropout: 0.1,
      attentionDropout: 0.1,
      seed,
    });
    const { reason } = await classifier.fit(
      { graphs, labels, classNames: CLASS_NAMES, split },
      {
        epochs: quick ? 2 : options.epochs,
        patience: 10,
        learningRate: 0.002,
        weightDecay: 1e-5,
        checkpoints: `${folder}/checkpoints/${model}-${seed}`,
        signal,
        onEvent: progressBar(),
      },
    );
    if (reason === 'aborted') return;
    const tested = Array.from(split.test, (graph) => graphs[graph]);
    const predictions = await classifier.predict(tested);
    const expected = Array.from(split.test, (graph) => CLASS_NAMES[labels[graph]]);
    const right = predictions.filter(({ label }, row) => label === expected[row]).length;
    const scores = (name: string) =>
      predictions.flatMap(({ probabilities }, row) => (expected[row] === name ? [probabilities.passes] : []));
    const auc = areaUnderRoc(scores(CLASS_NAMES[1]), scores(CLASS_NAMES[0]));
    print(
      `${((100 * right) / tested.length).toFixed(1)} % of ${tested.length} other molecules, area under ROC ${auc.toFixed(3)}`,
    );
    await classifier.save(folder);
    classifier.dispose();
  },
});

/** Rings of different sizes look alike to attention over neighbours; random walks tell them apart. */
function withPositions(graph: GraphData): GraphData {
  return { ...graph, features: joinColumns(graph.features, randomWalkPositions(graph, graph.nodes, 8)) };
}
