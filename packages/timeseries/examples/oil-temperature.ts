/** The oil temperature of a transformer, four days ahead: attention over patches of the past beside the seasonal naive forecast. */
import { defineExample, fetchData, progressBar, writeReport } from '@heed/node';
import { attentionOverPast, etth1, Forecaster, patchSpans, readEtth1, renderFan } from '@heed/timeseries';

export default defineExample({
  summary:
    'Forecasts the loads and oil temperature of a transformer (ETTh1) 96 hours ahead, with intervals and what it looked at.',
  minutes: { tensorflow: 10, wasm: 60 },
  run: async ({ signal, quick, folder, print }) => {
    const table = await readEtth1(await fetchData(etth1, { signal }));
    const { training, validation, test } = table.split({ training: 8640, validation: 2880, test: quick ? 400 : 2880 });
    const sizes = { lookBack: 336, patchLength: 16, stride: 8 };
    const small = quick ? { layers: 1, hiddenWidth: 32, dropout: 0 } : {};
    const forecaster = new Forecaster({
      architecture: 'patchtst',
      ...sizes,
      ...small,
      horizon: 96,
      season: 24,
      seed: 1,
    });
    const { reason } = await forecaster.fit(training, {
      validation,
      ...(quick ? { epochs: 1, windowStride: 40 } : { epochs: 10 }),
      checkpoints: `${folder}/checkpoints`,
      signal,
      onEvent: progressBar({ unit: 'windows' }),
    });
    if (reason === 'aborted') return;

    const { forecasts, scores } = await forecaster.backtest(test, { intervals: 'adaptive', signal });
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    print(
      `${scores.windows} test windows: MSE ${scores.mse.toFixed(3)}, seasonal naive ${scores.baseline.mse.toFixed(3)}`,
    );
    print(`Absolute errors are ${percent(scores.skill)} smaller than the seasonal naive forecast's.`);
    for (const { level, coverage } of scores.intervals)
      print(`Intervals of ${percent(level)} hold ${percent(coverage)} of the values.`);

    const asked = forecasts[Math.floor(forecasts.length / 2)];
    const series = test.series[0];
    const until = { ...series, targets: series.targets.map((values) => values.subarray(0, asked.at)) };
    const [{ targets, baselineName, attention }] = await forecaster.predict([until], { attention: true });
    const spans = patchSpans({ ...sizes, padding: 'end' });
    const oil = targets.findIndex(({ name }) => name === 'OT');
    const last = attention!.filter(({ name }) => name.startsWith('OT,')).at(-1)!;
    const page = await writeReport(`${folder}/oil-temperature.html`, {
      title: 'Oil temperature, 96 hours ahead',
      summary: `PatchTST beside ${baselineName} on ETTh1: MSE ${scores.mse.toFixed(3)} and ${scores.baseline.mse.toFixed(3)} on ${scores.windows} test windows.`,
      sections: [
        {
          title: 'A forecast',
          text: 'The two weeks that are looked back at, the forecast with its intervals, the baseline, and what happened. Below: how much each past hour was looked at.',
          svg: renderFan({
            history: series.targets[oil].subarray(asked.at - sizes.lookBack, asked.at),
            forecast: { ...targets[oil], intervals: asked.intervals![oil] },
            baselineName,
            actual: series.targets[oil].subarray(asked.at, asked.at + 96),
            attention: attentionOverPast(last, spans, sizes.lookBack),
            step: 'hours from the forecast',
          }),
        },
        {
          title: 'What patches look at',
          attention: last,
          axes: { rows: 'patch that looks', columns: 'patch looked at' },
        },
        {
          title: 'Intervals',
          table: {
            columns: ['level', 'holds', 'width in deviations'],
            rows: scores.intervals.map(({ level, coverage, width }) => [percent(level), percent(coverage), width]),
          },
        },
      ],
    });
    print(`Report: ${page}`);
    if (!quick) await forecaster.save(folder);
    forecaster.dispose();
  },
});
