"""Runs our ONNX files in onnxruntime and holds what it says against ours: within 1e-5 of what an output of the network is
worth. With --write it writes test/golden/onnx.json and onnx-policies.json, which src/forecast/onnx.test.ts and
src/decide/ppo-onnx.test.ts hold our forecasts and policies against.

    python -m venv venv && venv/bin/pip install onnx==1.23.2 onnxruntime==1.32.0
    venv/bin/python tools/onnx-check.py [--write]

`onnx` checks each file against the specification, types and shapes included.
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).parents[1]
NODE = ROOT / "node_modules/.bin/node"
WITHIN = 1e-5

said = subprocess.run([NODE, ROOT / "tools/onnx-cases.ts"], check=True, capture_output=True, text=True)
goldens, failed = {}, 0
for line in said.stdout.splitlines():
    case = json.loads(line)
    data = base64.b64decode(case["bytes"])
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    values = session.run(None, {name: np.array(x, np.float32) for name, x in case["inputs"].items()})
    outputs = {name: value.astype(float).tolist() for name, value in zip(names, values)}
    away = [np.abs(np.array(outputs[name]) - np.array(ours)).max() for name, ours in case["ours"].items()]
    off = float(max(away) / case["size"])
    failed += off > WITHIN
    print(f"{case['name']:22} {len(data):8} bytes   off by {off:.1e}{'   FAILED' if off > WITHIN else ''}")
    row = {"name": case["name"], "sha256": hashlib.sha256(data).hexdigest(), **outputs}
    goldens.setdefault(case["golden"], []).append(row)

if "--write" in sys.argv and not failed:
    by = f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}"
    for golden, rows in goldens.items():
        text = json.dumps({"by": by, "rows": rows}).replace('{"name"', '\n{"name"')
        (ROOT / f"test/golden/{golden}.json").write_text(text + "\n")
sys.exit(1 if failed else 0)
