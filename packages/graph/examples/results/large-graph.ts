import { defineResult } from '@heed/node';
import { measurePyg, measureSteps } from '../large-graph.ts';

const STEPS = 20;

export default defineResult({
  task: 'A training step of a 2-layer GATv2 on 200,000 nodes and 2,000,000 edges, 10 sampled neighbours a layer',
  figures: {
    step: { name: 'a step', unit: 'ms', digits: 0 },
    gigabytes: { name: 'memory', unit: 'GB', digits: 2 },
  },
  baseline: 'PyTorch Geometric (where HEED_PYTHON names a Python that has it)',
  minutes: 2,
  protocol:
    'Random edges, 100 features, 40 classes; 1,024 nodes a step, 4 heads × 32, Adam. A step is forward, backward and update, the median of ' +
    '16 after 4 for warming up; sampling is told apart (details). Memory is the most that the process had, the graph included. ' +
    'PyTorch Geometric runs the same layers on neighbourhoods of the same sizes, after ours, not at the same time.',
  data: [],
  run: async ({ signal, quick, print }) => {
    const steps = quick ? 6 : STEPS;
    const { step, sample, gigabytes } = await measureSteps(steps, signal);
    if (signal.aborted) return undefined;
    print(`a step takes ${step.toFixed(0)} ms, its sampling ${sample.toFixed(0)} ms; ${gigabytes.toFixed(2)} GB`);
    const python = process.env.HEED_PYTHON;
    const details = { samplingMilliseconds: sample };
    if (python === undefined) return { ours: { step, gigabytes }, details };
    const baseline = measurePyg(python, steps);
    print(`PyTorch Geometric: ${baseline.step.toFixed(0)} ms, ${baseline.gigabytes.toFixed(2)} GB`);
    return { ours: { step, gigabytes }, baseline, details: { ...details, ratio: step / baseline.step } };
  },
});
