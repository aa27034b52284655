"""Golden values for packages/timeseries/src/evaluation: forecast errors as utilsforecast computes them.

    python tooling/golden/timeseries-metrics.py

needs utilsforecast and pandas (made with utilsforecast 0.2.17). Its sMAPE lies between 0 and 1: M4's is 200 times that; its MASE, RMSSE and scaled interval
score are by series. The weighted quantile loss is the sum over quantiles of its scaled one: Σ pinball · 2 / Σ |y|.
"""

import json
from pathlib import Path

import numpy
import pandas
from utilsforecast import losses

FILE = Path(__file__).parents[2] / "packages/timeseries/src/evaluation/metrics.golden.json"
random = numpy.random.default_rng(7)
SEASON, LEVEL = 4, 80

cases = []
for scale in (1.0, 1000.0):
    history = scale * (3 + random.normal(size=23))
    actual = scale * (3 + random.normal(size=6))
    forecast = actual + scale * random.normal(size=6)
    low, high = forecast - scale * 0.7, forecast + scale * 0.9
    train = pandas.DataFrame({"unique_id": "a", "ds": range(len(history)), "y": history})
    frame = pandas.DataFrame({"unique_id": "a", "ds": range(len(actual)), "y": actual, "m": forecast, f"m-lo-{LEVEL}": low, f"m-hi-{LEVEL}": high})
    value = lambda result: float(result["m"].iloc[0])
    scaled = {"seasonality": SEASON, "train_df": train}
    quantiles = numpy.array([0.1, 0.9])
    of = frame.rename(columns={f"m-lo-{LEVEL}": "low", f"m-hi-{LEVEL}": "high"})
    pinball = lambda name, q: float(losses.quantile_loss(of, {"m": name}, q=q)["m"].iloc[0])
    cases.append(
        {
            "history": history.tolist(),
            "actual": actual.tolist(),
            "forecast": forecast.tolist(),
            "low": low.tolist(),
            "high": high.tolist(),
            "season": SEASON,
            "level": LEVEL / 100,
            "mse": value(losses.mse(frame, ["m"])),
            "mae": value(losses.mae(frame, ["m"])),
            "smape": 200 * value(losses.smape(frame, ["m"])),
            "mase": value(losses.mase(frame, ["m"], **scaled)),
            "rmsse": value(losses.rmsse(frame, ["m"], **scaled)),
            "coverage": value(losses.coverage(frame, ["m"], level=LEVEL)),
            "intervalScore": value(losses.winkler_score(frame, ["m"], level=LEVEL)),
            "pinballLow": pinball("low", 0.1),
            "pinballHigh": pinball("high", 0.9),
            "weightedQuantileLoss": float(
                numpy.mean([2 * 6 * pinball(name, q) / numpy.abs(actual).sum() for name, q in (("low", 0.1), ("high", 0.9))])
            ),
        }
    )
FILE.write_text(json.dumps(cases, indent=2) + "\n")
