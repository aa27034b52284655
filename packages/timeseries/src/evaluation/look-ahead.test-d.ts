import { SplitConformal } from '../intervals/split-conformal.ts';
import { StandardScaler } from '../scaling/standard-scaler.ts';
import { SeriesTable } from '../table/series-table.ts';

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
