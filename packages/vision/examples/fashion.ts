/** Articles of clothing, told by a compact Transformer of 0.28 M weights; and where it looked, with a score that says whether to believe it. */
import { defineExample, fetchData, progressBar, writeReport } from '@heed/node';
import {
  FASHION_LABELS,
  fashionMnist,
  ImageClassifier,
  readFashionMnist,
  renderOverlays,
  type LabelledImage,
} from '@heed/vision';

export default defineExample({
  summary: 'Classifies clothing (Fashion-MNIST) by a compact Transformer, and shows in a report where it looked.',
  minutes: { tensorflow: 12, wasm: 90 },
  run: async ({ signal, quick, folder, print }) => {
    const { train, test } = await readFashionMnist(await fetchData(fashionMnist, { signal }));
    const [learning, validation] = [train.slice(0, -5000), train.slice(-5000)];
    const classifier = new ImageClassifier({
      architecture: 'cct',
      labels: FASHION_LABELS,
      imageSize: [28, 28],
      channels: 1,
      ...(quick ? { stemWidth: 8, modelWidth: 16, feedForwardWidth: 16, layers: 1 } : {}),
    });
    const { reason, seconds } = await classifier.fit(quick ? learning.slice(0, 1280) : learning, {
      epochs: quick ? 4 : 6,
      ...(quick && { learningRate: 0.01 }),
      augmentation: { flip: true, shift: 2 },
      labelSmoothing: 0.1,
      validation: validation.slice(0, quick ? 200 : 2000),
      checkpoints: `${folder}/checkpoints`,
      signal,
      onEvent: progressBar({ unit: 'pictures' }),
    });
    if (reason === 'aborted') return;

    const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
    const before = await classifier.evaluate(validation);
    const temperature = await classifier.calibrate(validation);
    const shown = quick ? test.slice(0, 500) : test;
    const { accuracy, macroF1, expectedCalibrationError, perLabel, predictions } = await classifier.evaluate(shown);
    print(`${percent(accuracy)} of ${shown.length} test pictures are right, after ${seconds.toFixed(0)} s`);
    print(
      `Probabilities are off by ${percent(expectedCalibrationError)} on average; temperature ${temperature.toFixed(2)}, before it ${percent(before.expectedCalibrationError)} on validation`,
    );

    const wrong = shown.filter(({ label }, i) => predictions[i].label !== label).slice(0, quick ? 2 : 6);
    const right = shown.filter(({ label }, i) => predictions[i].label === label).slice(0, quick ? 2 : 6);
    const pictures = async (examples: readonly LabelledImage[]) =>
      renderOverlays(
        await Promise.all(
          examples.map(async ({ image, label: truth }) => {
            const { label, probability, overlays } = await classifier.explain(image, { heads: 'each' });
            const [joined] = (await classifier.explain(image, { by: 'gradient' })).overlays;
            const caption = `${label} with ${percent(probability)}; it is: ${truth}`;
            return { image, caption, overlays: [...overlays, { ...joined, name: `what speaks for ${label}` }] };
          }),
        ),
      );
    const faith: {
      by: string;
      deletion: number;
      insertion: number;
      chance: { deletion: number; insertion: number };
    }[] = [];
    for (const { image } of shown.slice(0, quick ? 2 : 20)) {
      for (const by of ['rollout', 'gradient'] as const) {
        const [overlay] = (await classifier.explain(image, { by })).overlays;
        const { deletion, insertion, chance } = await classifier.faithfulness(image, overlay, { orders: 3 });
        faith.push({ by, deletion: deletion.area, insertion: insertion.area, chance });
      }
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const rows = (['rollout', 'gradient'] as const).map((by) => {
      const own = faith.filter((measured) => measured.by === by);
      return [
        by === 'rollout' ? 'all layers joined (rollout)' : 'what speaks for the class (gradient × attention)',
        mean(own.map(({ deletion }) => deletion)).toFixed(3),
        mean(own.map(({ chance }) => chance.deletion)).toFixed(3),
        mean(own.map(({ insertion }) => insertion)).toFixed(3),
        mean(own.map(({ chance }) => chance.insertion)).toFixed(3),
      ];
    });
    const path = await writeReport(`${folder}/report.html`, {
      title: 'Clothing, and where the model looked',
      summary: `A compact Transformer of ${classifier.parameterCount.toLocaleString('en')} weights, ${shown.length} test pictures: ${percent(accuracy)} right, macro F1 ${percent(macroF1)}.`,
      sections: [
        {
          title: 'By class',
          table: {
            columns: ['class', 'precision %', 'recall %', 'pictures'],
            rows: perLabel.map(({ label, precision, recall, examples }) => [
              label,
              100 * precision,
              100 * recall,
              examples,
            ]),
          },
        },
        {
          title: 'Whether the overlays tell the truth',
          text: 'The class’s probability while the places that were looked at most are taken away (deletion: the smaller the better) or put in first (insertion: the greater the better), as area under the curve, beside random orders.',
          table: { columns: ['overlay', 'deletion', 'at random', 'insertion', 'at random'], rows },
        },
        { title: 'Right', html: await pictures(right) },
        { title: 'Wrong', html: await pictures(wrong) },
      ],
    });
    print(`The report: ${path}`);
    classifier.dispose();
  },
});
