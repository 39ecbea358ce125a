"""Seconds of one training epoch in PyTorch on one thread: `torch-epoch.py gru|lstm|cnn`; prints one number.

The work of `bench/nn.ts`: 7,176 windows of 24 values, batches of 16 in shuffled order, Adam 0.01, mean squared error.
One warm-up over a tenth of an epoch is not counted.
"""

import math
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)
windows, steps, batch = 7176, 24, 16


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.cells = kind(1, 64, num_layers=2, batch_first=True, dropout=0.2)
        self.dropout = nn.Dropout(0.2)
        self.dense = nn.Linear(64, 1)

    def forward(self, x):
        states, _ = self.cells(x)
        return self.dense(self.dropout(states[:, -1]))


def cnn():
    block = lambda inputs: [nn.Conv1d(inputs, 64, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Dropout(0.2)]
    # 24 → 22 → 11 → 9 → 4 steps
    return nn.Sequential(*block(1), *block(64), nn.Flatten(), nn.Linear(4 * 64, 1))


which = sys.argv[1]
series = torch.tensor([0.5 + 0.4 * math.sin(i * 2 * math.pi / 288) for i in range(windows + steps)])
series += 0.02 * torch.randn(len(series))
x = series.unfold(0, steps, 1)[:windows].contiguous()
x = x.unsqueeze(1) if which == "cnn" else x.unsqueeze(2)
y = series[steps : steps + windows].unsqueeze(1).contiguous()
model = {"gru": lambda: Recurrent(nn.GRU), "lstm": lambda: Recurrent(nn.LSTM), "cnn": cnn}[which]()
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
start = time.perf_counter()
epoch(windows)
print(time.perf_counter() - start)
