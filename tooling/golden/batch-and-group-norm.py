"""torch.nn.functional.batch_norm, in training and with its running statistics, and group_norm, whose channels are the last dimension here."""
import torch
from torch.nn import functional

from structure_golden import Weights, leaf, save


def group_norm(name, seed, groups, *shape):
    weights = Weights(seed)
    weights.norm("layer", shape[-1])
    x = leaf(weights.normal(*shape))
    y = functional.group_norm(x.movedim(-1, 1), groups, weights["layer.weight"], weights["layer.bias"], 1e-5)
    save(f"layers/{name}", weights, {"x": x}, {"output": y.movedim(1, -1)})


def batch_norm(name, seed, training, *shape, momentum=0.1, epsilon=1e-5):
    weights = Weights(seed)
    channels = shape[-1]
    weights.norm("layer", channels)
    x = leaf(weights.normal(*shape, shift=0.5))
    mean, variance = weights.normal(channels).float().double(), weights.normal(channels, scale=0.1, shift=1.5).float().double()
    buffers = {"runningMean": mean.clone(), "runningVariance": variance.clone()}
    y = functional.batch_norm(x.movedim(-1, 1), mean, variance, weights["layer.weight"], weights["layer.bias"], training, momentum, epsilon)
    outputs = {"output": y.movedim(1, -1), "runningMean": mean, "runningVariance": variance}
    save(f"layers/{name}", weights, {"x": x}, outputs, buffers)


group_norm("group-norm-image", 111, 2, 2, 3, 4, 6)
group_norm("group-norm-sequence", 112, 3, 2, 5, 6)
batch_norm("batch-norm-training", 113, True, 2, 3, 4, 5)
batch_norm("batch-norm-rows", 114, True, 6, 5, momentum=0.3, epsilon=1e-3)
batch_norm("batch-norm-evaluation", 115, False, 2, 3, 4, 5)
