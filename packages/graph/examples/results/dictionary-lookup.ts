import { defineResult } from '@heed/node';
import { learnLookup } from '../dictionary-lookup.ts';

const KEYS = 10;
const MODELS = [
  ['gatv2', 'gatv2', 1],
  ['gat', 'gat', 1],
  ['gat8', 'gat', 8],
] as const;
const percent = { unit: '%', digits: 1 } as const;

export default defineResult({
  task: 'DictionaryLookup, 10 keys: find the value of the key that a query names',
  figures: {
    gatv2: { name: 'GATv2, 1 head', ...percent },
    gat: { name: 'GAT, 1 head', ...percent },
    gat8: { name: 'GAT, 8 heads', ...percent },
  },
  published: {
    value: 'GATv2 100 %, single-head GAT does not even fit its training graphs',
    source: 'Brody, Alon & Yahav 2022, section 4.1',
  },
  minutes: 3,
  protocol:
    'Dictionaries of 10 keys with values in random order; embeddings of width 64, one attention layer, a linear layer. 1,000 ' +
    'updates with 64 new dictionaries each, Adam 0.01 falling to 0 over the second half; tested on 1,000 other dictionaries ' +
    '(10,000 queries). Guessing finds 10 %.',
  data: [],
  run: async ({ signal, quick, seed, folder, print }) => {
    const steps = quick ? 30 : 1000;
    const ours = { gatv2: 0, gat: 0, gat8: 0 };
    for (const [name, layer, heads] of MODELS) {
      const checkpoints = `${folder}/${layer}-${heads}-heads`;
      const result = await learnLookup({ layer, keys: KEYS, heads, steps, seed, checkpoints, signal });
      if (result === undefined) return undefined;
      print(`${layer}, ${heads} heads: ${(100 * result.accuracy).toFixed(1)} %`);
      ours[name] = 100 * result.accuracy;
    }
    return { ours };
  },
});
