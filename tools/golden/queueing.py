"""Erlang B and C and normal quantiles to 40 digits: python tools/golden/queueing.py > test/golden/queueing.json (needs mpmath)."""
import json

import mpmath

mpmath.mp.dps = 40


def erlang(servers, erlangs):
    a = mpmath.mpf(erlangs)
    b = mpmath.mpf(1)
    for k in range(1, servers + 1):
        b = a * b / (k + a * b)
    return b, b / (1 - a / servers * (1 - b))


pairs = [(1, "0.5"), (2, "1.999"), (7, "6.99"), (60, "45"), (60, "59.9"), (500, "480"), (1000, "980"), (1000, "999.9"),
         (10000, "9900"), (10000, "9500"), (100000, "99900"), (100000, "99999.5"), (100000, "99000"), (500, "250")]
rows = []
for servers, erlangs in pairs:
    b, c = erlang(servers, erlangs)
    rows.append({"servers": servers, "erlangs": float(erlangs), "b": float(b), "c": float(c)})

levels = [1e-20, 1e-5, 0.01, 0.074, 0.0750001, 0.1, 0.3, 0.5, 0.9, 0.99, 0.999999]
normal = [{"p": p, "z": float(mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf(p) - 1))} for p in levels]
print(json.dumps({"by": f"mpmath {mpmath.__version__}, 40 digits", "erlang": rows, "normal": normal}, indent=1))
