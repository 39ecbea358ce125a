"""Median microseconds of one forecast from one window in PyTorch on one thread: `torch-forecast.py gru|lstm|cnn`."""

import statistics
import sys
import time

import torch

from torch_networks import as_input, network, steps

name = sys.argv[1]
model = network(name).eval()
x = as_input(name, torch.rand(1, steps))
spent = []
with torch.inference_mode():
    for _ in range(2000):
        start = time.perf_counter()
        model(x)
        spent.append(time.perf_counter() - start)
print(1e6 * statistics.median(spent))
