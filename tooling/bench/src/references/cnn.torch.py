"""A training step of a small convolutional network in eager PyTorch."""

import torch
import torch.nn.functional as F
from same_values import linear, parameter, same_inputs, same_integers, same_weight
from torch import nn


def convolution(name, inputs, outputs):
    layer = nn.Conv2d(inputs, outputs, 3, padding=1)
    layer.weight = parameter(same_weight(f"{name}.filter", [3, 3, inputs, outputs]).permute(3, 2, 0, 1))
    layer.bias = parameter(same_weight(f"{name}.bias", [outputs]))
    return layer


class Cnn(nn.Module):
    def __init__(self, case):
        super().__init__()
        first, second = case["channels"]
        side = case["side"] // 4
        self.first, self.second = convolution("first", 1, first), convolution("second", first, second)
        self.head = linear(side * side * second, case["classes"], "head")
        # The others have channels last; the weights of their features stand in that order.
        by_place = self.head.weight.view(case["classes"], side, side, second)
        self.head.weight = parameter(by_place.detach().permute(0, 3, 1, 2).flatten(1))

    def forward(self, images):
        x = F.max_pool2d(F.relu(self.first(images)), 2)
        x = F.max_pool2d(F.relu(self.second(x)), 2)
        return self.head(x.flatten(1))


def prepare(case):
    model = Cnn(case)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    batch, side = case["batch"], case["side"]
    images = same_inputs("images", [batch, side, side, 1]).permute(0, 3, 1, 2).contiguous()
    labels = same_integers("labels", [batch], case["classes"])

    def run():
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss

    return run
