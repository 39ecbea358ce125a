"""Writes test/golden/forecast-holt-winters.json: what statsmodels says, for src/forecast/holt-winters.golden.test.ts.

    python -m venv venv && venv/bin/pip install statsmodels && venv/bin/python tools/golden/forecast_holt_winters.py

Two parts. `recursion`: given parameters and starting states, so that only the formulas are compared. `fitted`: what
statsmodels' own optimiser reaches, as the bar for ours. The series are made here from formulas, except `passengers`:
the airline passengers of Box & Jenkins 1976, series G (R's AirPassengers), thousands a month.

statsmodels 0.15.0 forecasts whole seasons ahead (h = m, 2m, …) from the season one update old: it overwrites
s[nobs + m - 1] with s[nobs - 1]. Those horizons are left out.
"""

import json
import pathlib

import numpy as np
import statsmodels
from statsmodels.tsa.holtwinters import ExponentialSmoothing, SimpleExpSmoothing

PASSENGERS = [
    112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170, 170, 158, 133,
    114, 140, 145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166, 171, 180, 193, 181, 183, 218, 230, 242,
    209, 191, 172, 194, 196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201, 204, 188, 235, 227, 234, 264,
    302, 293, 259, 229, 203, 229, 242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278, 284, 277, 317, 313,
    318, 374, 413, 405, 355, 306, 271, 306, 315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336, 340, 318,
    362, 348, 363, 435, 491, 505, 404, 359, 310, 337, 360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405,
    417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
]

rng = np.random.default_rng(3)
t = np.arange(96)
DAILY = np.round(200 + 0.3 * t + 60 * np.sin(2 * np.pi * t / 24) + rng.normal(0, 8, 96), 3).tolist()

SERIES = {"passengers": (PASSENGERS, 12), "daily": (DAILY, 24)}
PARAMETERS = {"alpha": 0.31, "beta": 0.07, "gamma": 0.22, "phi": 0.93}
FORMS = [
    ("additive", "additive"),
    ("additive", "damped"),
    ("additive", "none"),
    ("multiplicative", "additive"),
    ("multiplicative", "damped"),
    ("none", "additive"),
    ("none", "damped"),
    ("none", "none"),
]
SHORT = {"additive": "add", "multiplicative": "mul", "none": None}


def first_state(y, m, seasonal, trend):
    """The rule in the header of holt-winters.ts, written a second time."""
    if seasonal == "none":
        slope = 0.0 if trend == "none" else y[1] - y[0]
        return y[0] - slope, slope, None
    k = min(4, len(y) // m)
    slope = 0.0 if trend == "none" else float(np.mean([(y[(k - 1) * m + i] - y[i]) / ((k - 1) * m) for i in range(m)]))
    level = float(np.mean([y[j] - (j + 1) * slope for j in range(k * m)]))
    lines = [level + (j + 1) * slope for j in range(k * m)]
    of = (lambda j: y[j] / lines[j]) if seasonal == "multiplicative" else (lambda j: y[j] - lines[j])
    return level, slope, [float(np.mean([of(i + j * m) for j in range(k)])) for i in range(m)]


def model(y, m, seasonal, trend, state):
    level, slope, seasons = state
    if seasonal == "none" and trend == "none":
        return SimpleExpSmoothing(y, initialization_method="known", initial_level=level)
    return ExponentialSmoothing(
        y,
        trend=None if trend == "none" else "add",
        damped_trend=trend == "damped",
        seasonal=SHORT[seasonal],
        seasonal_periods=m if seasonal != "none" else None,
        initialization_method="known",
        initial_level=level,
        initial_trend=None if trend == "none" else slope,
        initial_seasonal=seasons,
    )


rows = []
for name, (values, m) in SERIES.items():
    y = np.array(values, dtype=float)
    for seasonal, trend in FORMS:
        state = first_state(y, m, seasonal, trend)
        given = {"smoothing_level": PARAMETERS["alpha"]}
        if trend != "none":
            given["smoothing_trend"] = PARAMETERS["beta"]
        if trend == "damped":
            given["damping_trend"] = PARAMETERS["phi"]
        if seasonal != "none":
            given["smoothing_seasonal"] = PARAMETERS["gamma"]
        fixed = model(y, m, seasonal, trend, state).fit(optimized=False, **given)
        best = model(y, m, seasonal, trend, state).fit(optimized=True)
        rows.append(
            {
                "series": name,
                "season": m,
                "seasonal": seasonal,
                "trend": trend,
                "recursion": {
                    "forecast": [
                        None if seasonal != "none" and (h + 1) % m == 0 else float(v)
                        for h, v in enumerate(fixed.forecast(2 * m + 1))
                    ],
                    "sse": float(fixed.sse),
                },
                "fitted": {"sse": float(best.sse)},
            }
        )

out = pathlib.Path(__file__).parents[2] / "test/golden/forecast-holt-winters.json"
out.write_text(
    json.dumps(
        {
            "by": f"statsmodels {statsmodels.__version__}",
            "parameters": PARAMETERS,
            "series": {name: values for name, (values, _) in SERIES.items()},
            "rows": rows,
        },
        indent=1,
    )
)
print(out, len(rows), "rows")
