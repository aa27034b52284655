/** Spoken digits: learns ten words from recordings of six people, and shows which moment of a sound decided. */
import { renderTerminal } from '@heed/attention-core';
import { defineExample, fetchData, progressBar } from '@heed/node';
import { fsdd, KeywordSpotter, readFsdd } from '@heed/speech';

export default defineExample({
  summary: 'Learns to hear spoken digits (FSDD), and shows which moment of a sound decided.',
  minutes: { tensorflow: 3, wasm: 20 },
  run: async ({ signal, quick, folder, print }) => {
    const { train, test } = await readFsdd(await fetchData(fsdd, { signal }));
    const labelled = (sounds: typeof train) => sounds.map((sound) => ({ ...sound, label: sound.digit }));
    const learned = labelled(quick ? train.filter((_, i) => i % 30 === 0) : train);
    const heard = labelled(quick ? test.filter((_, i) => i % 15 === 0) : test);
    const spotter = new KeywordSpotter({
      labels: [...'0123456789'],
      rate: 8000,
      seed: 1,
      ...(quick && { modelWidth: 16, layers: 1 }),
    });
    const { reason } = await spotter.fit(learned, {
      steps: quick ? 20 : 1500,
      speeds: quick ? [1] : [0.9, 1, 1.1],
      specAugment: { timeMasks: 2, timeWidth: 6, frequencyWidth: 8 },
      labelSmoothing: 0.1,
      checkpoints: `${folder}/checkpoints`,
      signal,
      onEvent: progressBar({ unit: 'sounds' }),
    });
    if (reason === 'aborted') return;

    const { accuracy } = await spotter.evaluate(heard);
    print(`Of ${heard.length} recordings that it had not heard, ${(100 * accuracy).toFixed(1)} % were heard right.`);
    for (const sound of [heard[0], heard.at(-1)!]) {
      const [{ label, probabilities, attention }] = await spotter.spot([sound], { attention: true });
      print(
        `${sound.speaker} says ${sound.digit}; heard: ${label} (${(100 * probabilities[label]).toFixed(0)} %). What decided:`,
      );
      print(renderTerminal(attention!));
    }
    spotter.dispose();
  },
});
