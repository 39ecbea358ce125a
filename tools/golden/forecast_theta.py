"""Writes test/golden/forecast-theta.json: what statsforecast and statsmodels say, for src/forecast/theta.golden.test.ts.

    python -m venv venv && venv/bin/pip install statsforecast statsmodels && venv/bin/python tools/golden/forecast_theta.py

`recursion`: given α, θ and first level on series without a season, so that only the formula is compared. `indices`:
seasonal_decompose of statsmodels. `fitted`: Theta (θ = 2) and optimised theta with their own season test and search:
mean squared one-step error behind the third value, as the bar for ours, and forecasts. The series are those of
forecast_holt_winters.py.
"""

import json
import pathlib

import numpy as np
import statsforecast
import statsmodels
from statsforecast.theta import auto_theta, forecast_theta, thetamodel
from statsmodels.tsa.seasonal import seasonal_decompose

ROOT = pathlib.Path(__file__).parents[2]
SERIES = json.loads((ROOT / "test/golden/forecast-holt-winters.json").read_text())["series"]
SEASON = {"passengers": 12, "daily": 24}
ALPHA = 0.31

recursion, indices, fitted = [], [], []
for name, values in SERIES.items():
    y, m = np.array(values, dtype=float), SEASON[name]
    # The weight of where the level began has died away in a long series: a short one shows that term.
    for theta, steps in ((2.0, len(y)), (5.5, len(y)), (2.0, 6), (5.5, 6)):
        model = thetamodel(y[:steps], 1, "OTM", float(y[0]), ALPHA, theta, 3)
        recursion.append(
            {
                "series": name,
                "alpha": ALPHA,
                "theta": theta,
                "steps": steps,
                "forecast": [float(v) for v in forecast_theta(model, 20)["mean"]],
            }
        )
    for kind in ("multiplicative", "additive"):
        indices.append(
            {
                "series": name,
                "season": m,
                "kind": kind,
                "indices": [float(v) for v in seasonal_decompose(y, model=kind, period=m).seasonal[:m]],
            }
        )
        for modeltype in ("STM", "OTM"):
            model = auto_theta(y, m, model=modeltype, decomposition_type=kind)
            fitted.append(
                {
                    "series": name,
                    "season": m,
                    "kind": kind,
                    "model": modeltype,
                    "decomposed": bool(model.get("decompose", False)),
                    "mse": float(np.mean(np.asarray(model["residuals"])[3:] ** 2)),
                    "forecast": [float(v) for v in forecast_theta(model, m)["mean"]],
                }
            )

out = ROOT / "test/golden/forecast-theta.json"
out.write_text(
    json.dumps(
        {
            "by": f"statsforecast {statsforecast.__version__}, statsmodels {statsmodels.__version__}",
            "recursion": recursion,
            "indices": indices,
            "fitted": fitted,
        },
        indent=1,
    )
)
print(out, len(recursion), len(indices), len(fitted))
