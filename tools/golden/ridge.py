"""Coefficients of scikit-learn's Ridge and LinearRegression, for src/forecast/ridge-fit.test.ts.

    pip install scikit-learn==1.9.1 && python tools/golden/ridge.py > test/golden/ridge.json

sum (u - b0 - x b)^2 + N sum lambda_j (sd_j b_j)^2 is Ridge(alpha=N) on columns divided by sd_j sqrt(lambda_j).
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(7)
n, p = 40, 4
x = rng.normal(size=(n, p)) * [1, 10, 0.1, 3] + [0, 5, -1, 2]
x[:, 3] = 0.9 * x[:, 0] + 0.1 * x[:, 3]
x = x.round(6)
u = (x @ [1.0, -0.3, 4.0, 2.0] + 0.5 * rng.normal(size=n) + 3).round(6)
w = rng.integers(1, 4, size=n).astype(float)


def ridge(penalty, weights):
    scaler = StandardScaler().fit(x, sample_weight=weights)
    scale = scaler.scale_ * np.sqrt(penalty)
    model = Ridge(alpha=weights.sum(), solver="cholesky", tol=1e-12)
    model.fit(x / scale, u, sample_weight=weights)
    return [*(model.coef_ / scale), model.intercept_]


ones = np.ones(n)
plain = LinearRegression().fit(x, u)
rows = [{"penalty": [0.0] * p, "weighted": False, "b": [*plain.coef_, plain.intercept_]}]
for penalty in ([0.1] * p, [1e-3, 1.0, 0.01, 10.0]):
    for weighted in (False, True):
        b = ridge(np.array(penalty), w if weighted else ones)
        rows.append({"penalty": penalty, "weighted": weighted, "b": b})

print(
    json.dumps(
        {
            "by": f"scikit-learn {sklearn.__version__}",
            "x": x.tolist(),
            "u": u.tolist(),
            "w": w.tolist(),
            "rows": rows,
        }
    )
)
