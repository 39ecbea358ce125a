"""Writes test/golden/arima.json: what statsmodels and statsforecast say, for src/forecast/arima.golden.test.ts.

    python -m venv venv && venv/bin/pip install statsmodels statsforecast
    venv/bin/python tools/golden/arima_statsmodels.py

`exact`: maximum likelihood by SARIMAX (differencing as an exactly diffuse start), coefficients, log-likelihood and
ten forecasts, with and without gaps. `auto`: orders and AICc that statsforecast's AutoARIMA finds without a season.
The series are made here from formulas, except `passengers`: the logarithm of the airline passengers of Box & Jenkins
1976, series G, as in forecast_holt_winters.py.
"""

import json
import pathlib
import warnings

import numpy as np
import statsforecast
import statsmodels
from statsforecast.models import AutoARIMA
from statsmodels.tsa.statespace.sarimax import SARIMAX

warnings.filterwarnings("ignore")
root = pathlib.Path(__file__).parents[2]
passengers = json.loads((root / "test/golden/forecast-holt-winters.json").read_text())["series"]["passengers"]


def arma(n, phi, theta, seed, mean=0.0, scale=1.0):
    e = np.random.default_rng(seed).normal(size=n + 100)
    w = np.zeros(n + 100)
    for t in range(100, n + 100):
        w[t] = e[t]
        w[t] += sum(c * w[t - i - 1] for i, c in enumerate(phi))
        w[t] += sum(c * e[t - i - 1] for i, c in enumerate(theta))
    return np.round(mean + scale * w[100:], 4)


def gappy(y):
    y = y.copy()
    y[17] = y[40] = y[41] = np.nan
    y[60:69] = np.nan
    return y


mixed = arma(160, [0.6, 0.25], [0.4], 1, 500, 10)
walk = np.round(np.cumsum(arma(160, [0.5], [-0.3], 2, 0.05)) + 80, 4)
long = arma(600, [0.7], [0.2, 0.4], 3, 20, 2)
SERIES = {
    "mixed": mixed,
    "mixed with gaps": gappy(mixed),
    "walk": walk,
    "walk with gaps": gappy(walk),
    "passengers": np.round(np.log(passengers), 6),
    "long": long,
}
EXACT = [
    ("mixed", (2, 0, 1), (0, 0, 0, 0)),
    ("mixed with gaps", (2, 0, 1), (0, 0, 0, 0)),
    ("walk", (1, 1, 1), (0, 0, 0, 0)),
    ("walk with gaps", (1, 1, 1), (0, 0, 0, 0)),
    ("walk with gaps", (2, 1, 0), (0, 0, 0, 0)),
    ("passengers", (0, 1, 1), (0, 1, 1, 12)),
    ("long", (1, 0, 2), (0, 0, 0, 0)),
]

exact = []
known = {}
for name, (p, d, q), (P, D, Q, m) in EXACT:
    y = SERIES[name]
    model = SARIMAX(y, order=(p, d, q), seasonal_order=(P, D, Q, m), trend="c" if d + D == 0 else None,
                    use_exact_diffuse=d + D > 0)
    # Where there are gaps its own start is far off: it begins from what the whole series gave.
    start = known.get((name.removesuffix(" with gaps"), p, d, q))
    fit = model.fit(start, disp=0, maxiter=500, method="bfgs" if start is None else "nm")
    fit = model.fit(fit.params, disp=0, maxiter=500, method="nm", xtol=1e-9, ftol=1e-12)
    fit = model.fit(fit.params, disp=0, maxiter=500, method="lbfgs", pgtol=1e-10, factr=10)
    known[name, p, d, q] = fit.params
    of = dict(zip(model.param_names, fit.params))
    pick = lambda start: [float(v) for k, v in of.items() if k.startswith(start)]
    phi, theta = pick("ar.L"), pick("ma.L")
    seasonal_phi, seasonal_theta = pick("ar.S"), pick("ma.S")
    exact.append(
        {
            "series": name,
            "orders": {"p": p, "d": d, "q": q, "P": P, "D": D, "Q": Q, "m": m, "constant": d + D == 0},
            "phi": phi,
            "theta": theta,
            "seasonalPhi": seasonal_phi,
            "seasonalTheta": seasonal_theta,
            # SARIMAX's trend is the constant of the recursion: its mean times 1 - sum of phi.
            "mean": float(of["intercept"] / (1 - sum(phi))) if d + D == 0 else 0.0,
            "sigma2": float(of["sigma2"]),
            "logLikelihood": float(fit.llf),
            "forecast": [float(v) for v in fit.forecast(10)],
            "error": [float(v) for v in fit.get_forecast(10).se_mean / np.sqrt(of["sigma2"])],
        }
    )
    print(name, (p, d, q), (P, D, Q, m), fit.llf, dict(of))

auto = []
for name in ["mixed", "walk", "long"]:
    for d in [0, 1]:
        found = AutoARIMA(season_length=1, max_p=3, max_q=3, max_d=1, d=d, allowdrift=False).fit(SERIES[name]).model_
        p, q, _, _, _, d, _ = found["arma"]
        auto.append({"series": name, "p": p, "d": d, "q": q, "aicc": float(found["aicc"]), "constant": "intercept" in found["coef"]})
        print(name, auto[-1])

clean = {name: [None if np.isnan(v) else float(v) for v in y] for name, y in SERIES.items()}
out = root / "test/golden/arima.json"
by = f"statsmodels {statsmodels.__version__}, statsforecast {statsforecast.__version__}"
out.write_text(json.dumps({"by": by, "series": clean, "exact": exact, "auto": auto}))
print(out)
