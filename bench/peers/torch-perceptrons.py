"""Median microseconds of one step of actor and critic in PyTorch on one thread.

Two perceptrons 8 → 64 → 64 → 4 and 1 with tanh: forward, backward and Adam on a minibatch of 64.
"""

import statistics
import time

import torch
from torch import nn

torch.set_num_threads(1)


def perceptron(outputs):
    return nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))


models = [perceptron(4), perceptron(1)]
optimisers = [torch.optim.Adam(model.parameters(), lr=3e-4) for model in models]
x = torch.rand(64, 8)
spent = []
for _ in range(3000):
    start = time.perf_counter()
    for model, optimiser in zip(models, optimisers):
        optimiser.zero_grad()
        model(x).sum().mul(0.01).backward()
        optimiser.step()
    spent.append(time.perf_counter() - start)
print(1e6 * statistics.median(spent))
