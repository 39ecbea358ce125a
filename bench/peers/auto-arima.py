"""Finds an ARIMA without a season, p and q up to 3, for the numbers in a file; prints the milliseconds that it took.

    python auto-arima.py statsforecast|pmdarima VALUES D FOUND

Order and coefficients are written to the file FOUND, as JSON.
"""

import json
import pathlib
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
peer, path, d, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
y = np.array(json.loads(pathlib.Path(path).read_text()), dtype=float)


def by_statsforecast(values):
    from statsforecast.models import AutoARIMA

    found = AutoARIMA(season_length=1, d=d, max_p=3, max_q=3, max_order=6, seasonal=False).fit(values).model_
    p, q = found["arma"][:2]
    of = {name: float(value) for name, value in found["coef"].items()}
    phi = [of[f"ar{i + 1}"] for i in range(p)]
    theta = [of[f"ma{i + 1}"] for i in range(q)]
    return phi, theta, "intercept" in of or "drift" in of


def by_pmdarima(values):
    import pmdarima

    found = pmdarima.auto_arima(
        values, d=d, max_p=3, max_q=3, max_order=6, seasonal=False, information_criterion="aicc"
    )
    of = dict(zip(found.arima_res_.param_names, map(float, found.params())))
    phi = [value for name, value in of.items() if name.startswith("ar.")]
    theta = [value for name, value in of.items() if name.startswith("ma.")]
    return phi, theta, "intercept" in of


find = {"statsforecast": by_statsforecast, "pmdarima": by_pmdarima}[peer]
# Compiled and imported at the first call.
find(y[:200])
start = time.perf_counter()
phi, theta, constant = find(y)
milliseconds = 1000 * (time.perf_counter() - start)
pathlib.Path(out).write_text(json.dumps({"phi": phi, "theta": theta, "constant": constant}))
print(milliseconds)
