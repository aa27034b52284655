"""torch.nn.functional.conv1d, conv2d and pooling, whose channels are the last dimension here; convolutions plain, in groups and depthwise."""
import torch
from torch.nn import functional

from structure_golden import Weights, leaf, save


def conv1d(name, seed, inputs, outputs, kernel, groups=1, before=0, after=0, length=11, bias=True, **steps):
    weights = Weights(seed)
    weights.add("layer.weight", kernel, inputs // groups, outputs)
    if bias:
        weights.add("layer.bias", outputs)
    x = leaf(weights.normal(2, length, inputs))
    padded = functional.pad(x.permute(0, 2, 1), (before, after))
    y = functional.conv1d(padded, weights["layer.weight"].permute(2, 1, 0), weights.get("layer.bias"), groups=groups, **steps)
    save(f"layers/convolution/{name}", weights, {"x": x}, {"output": y.permute(0, 2, 1)})


def conv2d(name, seed, inputs, outputs, kernel, groups=1, margins=(0, 0, 0, 0), size=(7, 6), bias=True, **steps):
    """`margins`: left, right, top, bottom."""
    weights = Weights(seed)
    weights.add("layer.weight", *kernel, inputs // groups, outputs)
    if bias:
        weights.add("layer.bias", outputs)
    x = leaf(weights.normal(2, *size, inputs))
    padded = functional.pad(x.permute(0, 3, 1, 2), margins)
    y = functional.conv2d(padded, weights["layer.weight"].permute(3, 2, 0, 1), weights.get("layer.bias"), groups=groups, **steps)
    save(f"layers/convolution/{name}", weights, {"x": x}, {"output": y.permute(0, 2, 3, 1)})


conv1d("conv1d-valid", 81, 3, 4, 3)
conv1d("conv1d-strided", 82, 3, 4, 4, before=1, after=2, stride=3)
conv1d("conv1d-causal", 83, 3, 4, 3, before=4, dilation=2)
conv1d("conv1d-strided-dilated", 84, 2, 3, 3, before=2, after=2, stride=2, dilation=3, bias=False)
conv1d("conv1d-groups", 85, 4, 6, 3, groups=2, before=1, after=1)  # 'same'
conv1d("depthwise-conv1d", 86, 3, 6, 4, groups=3, before=1, after=2)  # 'same'
conv1d("depthwise-conv1d-strided", 87, 3, 3, 3, groups=3, before=1, after=1, stride=2)
conv1d("depthwise-conv1d-causal", 88, 3, 3, 3, groups=3, before=6, dilation=3)

conv2d("conv2d-valid", 91, 3, 4, (3, 2))
conv2d("conv2d-strided", 92, 3, 4, (3, 3), margins=(1, 1, 1, 1), stride=2)
conv2d("conv2d-uneven", 93, 2, 3, (3, 2), margins=(0, 1, 2, 0), stride=(3, 1), bias=False)
conv2d("conv2d-dilated", 94, 3, 4, (3, 3), margins=(2, 2, 2, 2), dilation=2)  # 'same'
conv2d("conv2d-groups", 95, 4, 6, (3, 3), groups=2, margins=(1, 1, 1, 1))  # 'same'
conv2d("depthwise-conv2d", 96, 3, 6, (3, 3), groups=3, margins=(1, 1, 1, 1))  # 'same'
conv2d("depthwise-conv2d-strided", 97, 3, 3, (3, 3), groups=3, margins=(1, 1, 1, 1), stride=2)
conv2d("depthwise-conv2d-dilated", 98, 3, 3, (3, 2), groups=3, margins=(0, 2, 3, 3), dilation=(3, 2))



def pooling(name, seed, pool, **options):
    weights = Weights(seed)
    x = leaf(weights.normal(2, 7, 6, 3))
    y = pool(x.permute(0, 3, 1, 2), 3, padding=1, **options)
    save(f"layers/convolution/{name}", weights, {"x": x}, {"output": y.permute(0, 2, 3, 1)})


pooling("max-pooling", 101, functional.max_pool2d, stride=2)
pooling("average-pooling", 102, functional.avg_pool2d, stride=2)
pooling("average-pooling-same", 103, functional.avg_pool2d, stride=1, count_include_pad=False)
