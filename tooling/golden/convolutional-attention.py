"""Squeeze-and-excitation (Hu et al. 2018) and CBAM (Woo et al. 2018) in torch's channels-first layout."""
import torch
from torch.nn import functional

from structure_golden import Weights, leaf, save

CHANNELS, HIDDEN = 6, 2


def gate_weights(seed):
    weights = Weights(seed)
    weights.linear("squeeze", CHANNELS, HIDDEN)
    weights.linear("excite", HIDDEN, CHANNELS)
    return weights, leaf(weights.normal(2, 5, 4, CHANNELS))


def judge(weights, summary):
    return weights.apply("excite", torch.relu(weights.apply("squeeze", summary)))


weights, x = gate_weights(71)
image = x.permute(0, 3, 1, 2)
gates = torch.sigmoid(judge(weights, functional.adaptive_avg_pool2d(image, 1).flatten(1)))
save("structures/squeeze-excitation", weights, {"x": x}, {"output": (image * gates[..., None, None]).permute(0, 2, 3, 1)})

weights, x = gate_weights(72)
weights.add("places", 3, 3, 2, 1)
image = x.permute(0, 3, 1, 2)
mean, most = functional.adaptive_avg_pool2d(image, 1).flatten(1), functional.adaptive_max_pool2d(image, 1).flatten(1)
image = image * torch.sigmoid(judge(weights, mean) + judge(weights, most))[..., None, None]
summary = torch.cat([image.mean(1, keepdim=True), image.max(1, keepdim=True).values], 1)
image = image * torch.sigmoid(functional.conv2d(summary, weights["places"].permute(3, 2, 0, 1), padding=1))
save("structures/convolutional-block-attention", weights, {"x": x}, {"output": image.permute(0, 2, 3, 1)})
