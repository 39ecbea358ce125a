"""Writes test/golden/forecast-ets.json: what statsmodels says, for src/forecast/ets.golden.test.ts.

    python -m venv venv && venv/bin/pip install statsmodels && venv/bin/python tools/golden/forecast_ets.py

`smoothed`: given weights and first states, so that only recursion and likelihood are compared, for all fifteen models.
`fitted`: the log-likelihood that statsmodels' own search of the weights reaches from the same first states, as the bar
for ours. The two series are those of forecast_holt_winters.py. Where statsmodels has a trend weight β, ours is β / α.

statsmodels 0.15.0's ETSModel moves a multiplicative season by e over the *new* level, where the taxonomy (FPP3 §8.5) has
the old level and trend. Its Holt–Winters has the taxonomy's recursion, so those rows are smoothed by that, their
likelihood is worked out here, and whole seasons ahead (see forecast_holt_winters.py) are left out.
"""

import json
import pathlib

import numpy as np
import statsmodels
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

ROOT = pathlib.Path(__file__).parents[2]
SERIES = json.loads((ROOT / "test/golden/forecast-holt-winters.json").read_text())["series"]
SEASON = {"passengers": 12, "daily": 24}
ALPHA, BETA_STAR, GAMMA, PHI = 0.31, 0.07, 0.22, 0.93
LONG = {"A": "add", "M": "mul", "N": None, "Ad": "add"}


def first_state(y, m, seasonal, trend):
    """The rule in the header of smoothing.ts, written a second time."""
    if seasonal == "N":
        return float(np.mean(y[:10])), 0.5 if trend != "N" else 0.0, None
    k = min(4, len(y) // m)
    slope = 0.0 if trend == "N" else float(np.mean([(y[(k - 1) * m + i] - y[i]) / ((k - 1) * m) for i in range(m)]))
    level = float(np.mean([y[j] - (j + 1) * slope for j in range(k * m)]))
    lines = [level + (j + 1) * slope for j in range(k * m)]
    of = (lambda j: y[j] / lines[j]) if seasonal == "M" else (lambda j: y[j] - lines[j])
    return level, slope, [float(np.mean([of(i + j * m) for j in range(k)])) for i in range(m)]


def by_holt_winters(y, m, trend, state):
    """Forecasts and log-likelihood of a model with multiplicative error and season."""
    level, slope, seasons = state
    given = {"smoothing_level": ALPHA, "smoothing_seasonal": GAMMA}
    if trend != "N":
        given["smoothing_trend"] = BETA_STAR
    if trend == "Ad":
        given["damping_trend"] = PHI
    fit = ExponentialSmoothing(
        y,
        trend=LONG[trend],
        damped_trend=trend == "Ad",
        seasonal="mul",
        seasonal_periods=m,
        initialization_method="known",
        initial_level=level,
        initial_trend=slope if trend != "N" else None,
        initial_seasonal=seasons,
    ).fit(optimized=False, **given)
    mu = np.asarray(fit.fittedvalues)
    n = len(y)
    llf = -n / 2 * (np.log(2 * np.pi * np.mean((y / mu - 1) ** 2)) + 1) - np.sum(np.log(mu))
    return [None if (h + 1) % m == 0 else float(v) for h, v in enumerate(fit.forecast(m + 3))], float(llf)


rows = []
for name, values in SERIES.items():
    y, m = np.array(values, dtype=float), SEASON[name]
    for seasonal in ("N", "A", "M"):
        for trend in ("N", "A", "Ad"):
            for error in ("A", "M") if seasonal != "M" else ("M",):
                level, slope, seasons = first_state(y, m, seasonal, trend)
                model = ETSModel(
                    y,
                    error=LONG[error],
                    trend=LONG[trend],
                    damped_trend=trend == "Ad",
                    seasonal=LONG[seasonal],
                    seasonal_periods=m if seasonal != "N" else None,
                    initialization_method="known",
                    initial_level=level,
                    initial_trend=slope if trend != "N" else None,
                    initial_seasonal=seasons,
                )
                given = {
                    "smoothing_level": ALPHA,
                    "smoothing_trend": ALPHA * BETA_STAR,
                    "smoothing_seasonal": GAMMA,
                    "damping_trend": PHI,
                }
                smoothed = model.smooth([given[p] for p in model.param_names])
                forecast, llf = [float(v) for v in smoothed.forecast(m + 3)], float(smoothed.llf)
                if seasonal == "M":
                    forecast, llf = by_holt_winters(y, m, trend, (level, slope, seasons))
                fitted = model.fit(disp=0, maxiter=2000)
                rows.append(
                    {
                        "series": name,
                        "season": m if seasonal != "N" else 1,
                        "model": f"{error}{trend}{seasonal}",
                        "level": level,
                        "slope": slope,
                        "forecast": forecast,
                        "llf": llf,
                        "fitted": float(fitted.llf),
                    }
                )

out = ROOT / "test/golden/forecast-ets.json"
out.write_text(
    json.dumps(
        {
            "by": f"statsmodels {statsmodels.__version__}",
            "weights": {"alpha": ALPHA, "beta": BETA_STAR, "gamma": GAMMA, "phi": PHI},
            "rows": rows,
        },
        indent=1,
    )
)
print(out, len(rows), "rows")
