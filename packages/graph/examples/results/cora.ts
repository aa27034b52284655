import { cora, NodeClassifier, normaliseRows, readPlanetoid } from '@heed/graph';
import { defineResult, fetchData } from '@heed/node';
import { openFolder, type Folder } from '@heed/training';

const MODELS = ['gat', 'gatv2', 'mlp'] as const;
const SEEDS = 10;

interface Run {
  readonly model: (typeof MODELS)[number];
  readonly seed: number;
  readonly accuracy: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly seconds: number;
}

const percent = { unit: '%', digits: 1 } as const;

export default defineResult({
  task: 'Cora, public split: fields of papers from 140 labelled ones, mean over 10 seeds',
  figures: {
    gat: { name: 'GAT', ...percent },
    gatDeviation: { name: '±', ...percent },
    gatv2: { name: 'GATv2', ...percent },
    gatv2Deviation: { name: '±', ...percent },
    mlp: { name: 'MLP', ...percent },
    mlpDeviation: { name: '±', ...percent },
    seconds: { name: 'a GAT run (median)', unit: 's', digits: 0 },
  },
  published: {
    value: 'GAT 83.0 ± 0.7 %, GATv2 82.1 %',
    source: 'Veličković et al. 2018, table 2; DGL, examples/pytorch/gatv2',
  },
  minutes: 12,
  protocol:
    'Planetoid split (140 / 500 / 1,000), row-normalised features. GAT and GATv2: 2 layers, 8 heads × 8, dropout 0.6 on features and ' +
    'edges; MLP: 2 layers, 64 wide, dropout 0.6. Adam 0.005, L2 5e-4, at most 1,000 epochs, early stopping on the validation nodes ' +
    'with patience 100 as in the paper; seeds 1 to 10. Test labels are read once, after training.',
  data: [cora],
  run: async ({ signal, quick, folder, print }) => {
    const papers = await readPlanetoid(await fetchData(cora, { signal }), 'cora');
    const data = { ...papers, features: normaliseRows(papers.features) };
    const kept = openFolder(folder);
    const runs = await readRuns(kept);
    for (const model of MODELS) {
      for (let seed = 1; seed <= (quick ? 1 : SEEDS); seed++) {
        if (runs.some((run) => run.model === model && run.seed === seed)) continue;
        const begun = performance.now();
        const classifier = new NodeClassifier({ architecture: model, seed });
        const { steps: epochs, best } = await classifier.fit(data, { epochs: quick ? 20 : 1000, signal });
        const seconds = (performance.now() - begun) / 1000;
        if (signal.aborted) return undefined;
        const { accuracy } = await classifier.evaluate(data);
        classifier.dispose();
        runs.push({ model, seed, accuracy, epochs, bestEpoch: best!.epoch, seconds });
        await kept.write('runs.json', new TextEncoder().encode(JSON.stringify(runs)));
        print(`${model} seed ${seed}: ${(100 * accuracy).toFixed(1)} %, ${epochs} epochs, ${seconds.toFixed(0)} s`);
      }
    }
    const of = (model: Run['model']) => meanAndDeviation(runs.filter((run) => run.model === model));
    const [gat, gatv2, mlp] = MODELS.map(of);
    return {
      ours: {
        gat: gat.mean,
        gatDeviation: gat.deviation,
        gatv2: gatv2.mean,
        gatv2Deviation: gatv2.deviation,
        mlp: mlp.mean,
        mlpDeviation: mlp.deviation,
        seconds: median(runs.flatMap(({ model, seconds }) => (model === 'gat' ? [seconds] : []))),
      },
      details: { runs },
    };
  },
});

/** What an interrupted measurement has. */
async function readRuns(folder: Folder): Promise<Run[]> {
  if (!(await folder.list()).includes('runs.json')) return [];
  return JSON.parse(new TextDecoder().decode(await folder.read('runs.json'))) as Run[];
}

/** Of the accuracies, in percent; the deviation is the sample's. */
function meanAndDeviation(runs: readonly Run[]): { mean: number; deviation: number } {
  const values = runs.map(({ accuracy }) => 100 * accuracy);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
