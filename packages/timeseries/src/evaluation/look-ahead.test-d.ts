import { SplitConformal } from '../intervals/split-conformal.ts';
import { StandardScaler } from '../scaling/standard-scaler.ts';
import { SeriesTable } from '../table/series-table.ts';
import type { Forecaster } from '../tasks/forecaster/forecaster.ts';

const table = SeriesTable.of([
  { targets: { load: [1, 2] }, pastOnly: { visits: [1, 2] }, knownFuture: { holiday: [0, 0, 1] } },
]);
const { training, validation, test } = table.split({ validation: 1, test: 0 });

StandardScaler.fit(training);
StandardScaler.fit(table);
// @ts-expect-error a scaler is not fitted on what comes after the training
StandardScaler.fit(validation);
// @ts-expect-error nor on what is tested
StandardScaler.fit(test);

SplitConformal.calibrate(validation, [], { levels: [0.8] });
// @ts-expect-error errors on training rows are too small to calibrate intervals
SplitConformal.calibrate(training, [], { levels: [0.8] });
// @ts-expect-error nor are intervals calibrated on what is tested
SplitConformal.calibrate(test, [], { levels: [0.8] });
// @ts-expect-error nor on a table that holds training rows too
SplitConformal.calibrate(table, [], { levels: [0.8] });

table.withFuture({ 'series 1': { holiday: [1, 0] } });
// @ts-expect-error a past-only column is not known ahead
table.withFuture({ 'series 1': { visits: [60] } });

declare const forecaster: Forecaster;
void forecaster.fit(training, { validation });
// @ts-expect-error a model is not trained on what is tested
void forecaster.fit(test, { validation });
// @ts-expect-error nor calibrated on what it is tested on
void forecaster.fit(training, { validation: test });
// @ts-expect-error nor tested on what it was trained on
void forecaster.evaluate(training);
