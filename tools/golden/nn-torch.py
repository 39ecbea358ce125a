"""Makes test/golden/nn-torch.json: outputs, gradients and Adam steps of small networks in PyTorch, in float64.

    python3 -m venv venv && venv/bin/pip install torch==2.15.0
    venv/bin/python tools/golden/nn-torch.py > test/golden/nn-torch.json

Tensors are flat, time-major and in our layout: weights (inputs, outputs), of convolutions (size, inputs, outputs).
"""

import json

import torch
from torch import nn

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def flat(tensor):
    return [float(f"{value:.12g}") for value in tensor.detach().reshape(-1).tolist()]


class Net(nn.Module):
    """Layers given as (spec, module, forward); x is [steps, batch, features]."""

    def __init__(self, layers):
        super().__init__()
        self.specs = [spec for spec, _, _ in layers]
        self.inner = nn.ModuleList([module for _, module, _ in layers])
        self.steps = [step for _, _, step in layers]

    def forward(self, x):
        for module, step in zip(self.inner, self.steps):
            x = step(module, x)
        return x[-1]


activations = {"none": lambda x: x, "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


def dense(inputs, units, activation="none"):
    spec = {"kind": "dense", "units": units, "activation": activation}
    return spec, nn.Linear(inputs, units), lambda m, x: activations[activation](m(x))


def recurrent(kind, inputs, units, sequence):
    spec = {"kind": kind, "units": units, "sequence": sequence}
    if kind == "gru":
        spec["reset"] = "after"
    module = {"gru": nn.GRU, "lstm": nn.LSTM}[kind](inputs, units)
    return spec, module, lambda m, x: m(x)[0] if sequence else m(x)[0][-1:]


def conv(inputs, filters, size, dilation, causal, activation):
    spec = {"kind": "conv", "filters": filters, "size": size, "dilation": dilation}
    spec |= {"causal": causal, "activation": activation}

    def run(m, x):
        channels_first = x.permute(1, 2, 0)
        if causal:
            channels_first = nn.functional.pad(channels_first, ((size - 1) * dilation, 0))
        return activations[activation](m(channels_first)).permute(2, 0, 1)

    return spec, nn.Conv1d(inputs, filters, size, dilation=dilation), run


def max_pool(size):
    run = lambda m, x: m(x.permute(1, 2, 0)).permute(2, 0, 1)
    return {"kind": "max-pool", "size": size}, nn.MaxPool1d(size), run


def flatten():
    run = lambda m, x: x.permute(1, 0, 2).reshape(1, x.shape[1], -1)
    return {"kind": "flatten"}, nn.Identity(), run


def ours(net, of):
    """Our parameters by name, of PyTorch's parameters (or their gradients)."""
    out = {}
    for i, (spec, module) in enumerate(zip(net.specs, net.inner)):
        kind = spec["kind"]
        if kind == "dense":
            out[f"{i}.dense.w"] = flat(of(module.weight).T)
            out[f"{i}.dense.bias"] = flat(of(module.bias))
        if kind == "conv":
            out[f"{i}.conv.w"] = flat(of(module.weight).permute(2, 1, 0))
            out[f"{i}.conv.bias"] = flat(of(module.bias))
        if kind in ("gru", "lstm"):
            out[f"{i}.{kind}.wx"] = flat(of(module.weight_ih_l0).T)
            out[f"{i}.{kind}.wh"] = flat(of(module.weight_hh_l0).T)
        if kind == "gru":
            out[f"{i}.gru.bx"] = flat(of(module.bias_ih_l0))
            out[f"{i}.gru.bh"] = flat(of(module.bias_hh_l0))
        if kind == "lstm":
            # One bias of ours stands for the sum of both; the gradient of each is that of the sum.
            both = of is not gradient
            out[f"{i}.lstm.bias"] = flat(of(module.bias_ih_l0) + (of(module.bias_hh_l0) if both else 0))
    return out


value = lambda parameter: parameter.data
gradient = lambda parameter: parameter.grad


def case(name, steps, inputs, layers, adam=None):
    net = Net(layers)
    batch = 3
    x = torch.randn(steps, batch, inputs, requires_grad=True)
    y = net(x)
    weights = torch.randn_like(y)
    row = {"name": name, "architecture": {"steps": steps, "inputs": inputs, "layers": net.specs}, "batch": batch}
    row |= {"parameters": ours(net, value), "input": flat(x), "output": flat(y), "byOutput": flat(weights)}
    (y * weights).sum().backward()
    row |= {"byInput": flat(x.grad), "gradients": ours(net, gradient)}
    if adam:
        # Mean of the squared errors against `target`, 20 steps.
        target = torch.randn_like(y)
        optimiser = torch.optim.Adam(net.parameters(), lr=adam["rate"])
        for _ in range(20):
            optimiser.zero_grad()
            loss = ((net(x.detach()) - target) ** 2).mean()
            loss.backward()
            if "clip" in adam:
                nn.utils.clip_grad_norm_(net.parameters(), adam["clip"])
            optimiser.step()
        row["adam"] = adam | {"target": flat(target), "lastLoss": loss.item(), "parameters": ours(net, value)}
    return row


cases = [
    case(
        "two GRUs and a dense layer",
        5,
        2,
        [recurrent("gru", 2, 3, True), recurrent("gru", 3, 4, False), dense(4, 1)],
        {"rate": 0.01},
    ),
    case("two LSTMs and a dense layer", 5, 2, [recurrent("lstm", 2, 3, True), recurrent("lstm", 3, 4, False), dense(4, 2)]),
    case(
        "convolutions, plain and dilated causal",
        10,
        2,
        [conv(2, 3, 3, 1, False, "relu"), max_pool(2), conv(3, 2, 2, 2, True, "tanh"), flatten(), dense(8, 1)],
        {"rate": 0.01, "clip": 0.5},
    ),
    case("dense layers", 1, 4, [dense(4, 5, "tanh"), dense(5, 3, "sigmoid"), dense(3, 2)], {"rate": 0.05}),
]
print(json.dumps({"source": f"PyTorch {torch.__version__}, tools/golden/nn-torch.py", "cases": cases}))
