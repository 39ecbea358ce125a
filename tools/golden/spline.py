"""Known answers of cubic splines: python tools/golden/spline.py > test/golden/spline.json (needs scipy)."""
import json

import numpy as np
import scipy
from scipy.interpolate import CubicSpline

rng = np.random.default_rng(2)
cases = []
for ends in ("not-a-knot", "natural"):
    for n in (2, 3, 4, 5, 12):
        if ends == "natural" and n == 2:
            continue
        x = np.cumsum(rng.uniform(0.2, 3.0, n)).round(3)
        y = rng.normal(100, 30, n).round(3)
        at = np.sort(rng.uniform(x[0] - 0.5, x[-1] + 0.5, 9)).round(3)
        spline = CubicSpline(x, y, bc_type=ends)
        cases.append({"ends": ends, "x": x.tolist(), "y": y.tolist(), "at": at.tolist(), "value": spline(at).tolist()})
print(json.dumps({"by": f"scipy {scipy.__version__} CubicSpline", "cases": cases}, indent=1))
