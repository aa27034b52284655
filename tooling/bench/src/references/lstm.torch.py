"""A training step of an LSTM that predicts the next letter, in eager PyTorch with its fused nn.LSTM."""

import torch
import torch.nn.functional as F
from same_values import embedding, linear, parameter, same_integers, same_weight
from torch import nn


class Lstm(nn.Module):
    def __init__(self, case):
        super().__init__()
        vocabulary, inputs, width = case["vocabulary"], case["inputs"], case["width"]
        self.letters = embedding(vocabulary, inputs, "letters")
        self.lstm = nn.LSTM(inputs, width, batch_first=True)
        self.lstm.weight_ih_l0 = parameter(same_weight("layer.cell.inputWeight", [inputs, 4 * width]).T)
        self.lstm.weight_hh_l0 = parameter(same_weight("layer.cell.hiddenWeight", [width, 4 * width]).T)
        self.lstm.bias_ih_l0 = parameter(same_weight("layer.cell.inputBias", [4 * width]))
        self.lstm.bias_hh_l0 = parameter(same_weight("layer.cell.hiddenBias", [4 * width]))
        self.head = linear(width, vocabulary, "head")

    def forward(self, ids):
        return self.head(self.lstm(self.letters(ids))[0])


def prepare(case):
    model = Lstm(case)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    shape = [case["batch"], case["steps"]]
    inputs, targets = (same_integers(name, shape, case["vocabulary"]) for name in ("inputs", "targets"))

    def run():
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss

    return run
