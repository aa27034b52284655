"""Numbers that are the same in every language (same-values.ts is the twin), and torch's layers that begin with them."""

import math
import re

import numpy as np
import torch
from torch import nn


def uniforms(name, shape):
    """Uniforms in [0, 1) that only the name decides."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = np.arange(math.prod(shape), dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(seed)
    for shift, factor in ((17, 0xED5AD4BB), (11, 0xAC4C1B51), (15, 0x31848BAB)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    return ((x ^ (x >> np.uint32(14))) / 2**32).reshape(shape)


def same_integers(name, shape, below):
    return torch.from_numpy(np.floor(uniforms(name, shape) * below).astype(np.int64))


def same_inputs(name, shape):
    return torch.from_numpy((2 * uniforms(name, shape) - 1).astype(np.float32))


def same_weight(name, shape):
    bound = 0.1 if len(shape) == 1 else 1 / math.sqrt(math.prod(shape[:-1]))
    centre = 1 if re.search(r"norm\.weight$", name, re.IGNORECASE) else 0
    return torch.from_numpy((centre + bound * (2 * uniforms(name, shape) - 1)).astype(np.float32))


def parameter(values):
    return nn.Parameter(values.contiguous())


def linear(inputs, outputs, *names):
    """A linear layer; with several names, several layers of that size side by side in one."""
    layer = nn.Linear(inputs, outputs * len(names))
    layer.weight = parameter(torch.cat([same_weight(f"{name}.weight", [inputs, outputs]).T for name in names]))
    layer.bias = parameter(torch.cat([same_weight(f"{name}.bias", [outputs]) for name in names]))
    return layer


def norm(width, epsilon, name):
    layer = nn.LayerNorm(width, epsilon)
    layer.weight = parameter(same_weight(f"{name}.weight", [width]))
    layer.bias = parameter(same_weight(f"{name}.bias", [width]))
    return layer


def embedding(size, width, name):
    layer = nn.Embedding(size, width)
    layer.weight = parameter(same_weight(f"{name}.weight", [size, width]))
    return layer
