"""The networks of `bench/nn.ts` in PyTorch, as its users write them."""

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)
windows, steps, batch = 7176, 24, 16


class Recurrent(nn.Module):
    """Two layers of 64 units on [batch, steps, 1], dropout behind each, one output."""

    def __init__(self, kind):
        super().__init__()
        self.cells = kind(1, 64, num_layers=2, batch_first=True, dropout=0.2)
        self.dropout = nn.Dropout(0.2)
        self.dense = nn.Linear(64, 1)

    def forward(self, x):
        states, _ = self.cells(x)
        return self.dense(self.dropout(states[:, -1]))


def cnn():
    """On [batch, 1, steps]: 24 → 22 → 11 → 9 → 4 steps."""
    block = lambda inputs: [nn.Conv1d(inputs, 64, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Dropout(0.2)]
    return nn.Sequential(*block(1), *block(64), nn.Flatten(), nn.Linear(4 * 64, 1))


def network(name):
    return cnn() if name == "cnn" else Recurrent({"gru": nn.GRU, "lstm": nn.LSTM}[name])


def as_input(name, rows):
    """[batch, steps] → what the network takes."""
    return rows.unsqueeze(1) if name == "cnn" else rows.unsqueeze(2)
