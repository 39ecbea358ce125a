"""Processor seconds of one training epoch in PyTorch on one thread: `torch-epoch.py gru|lstm|cnn`; prints one number.

The work of `bench/nn.ts`. A tenth of an epoch is the warm-up and not counted.
"""

import math
import sys
import time

import torch
from torch import nn

from torch_networks import as_input, batch, network, steps, windows

name = sys.argv[1]
series = torch.tensor([0.5 + 0.4 * math.sin(i * 2 * math.pi / 288) for i in range(windows + steps)])
series += 0.02 * torch.randn(len(series))
x = as_input(name, series.unfold(0, steps, 1)[:windows].contiguous())
y = series[steps : steps + windows].unsqueeze(1).contiguous()
model = network(name)
optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.MSELoss()


def epoch(count):
    order = torch.randperm(windows)[:count]
    for i in range(0, count, batch):
        rows = order[i : i + batch]
        optimiser.zero_grad()
        loss = criterion(model(x[rows]), y[rows])
        loss.backward()
        optimiser.step()


epoch(windows // 10)
start = time.process_time()
epoch(windows)
print(time.process_time() - start)
