"""Golden values for packages/timeseries/src/models: NLinear, DLinear and iTransformer from torch's own layers, in float64.

    python tooling/golden/timeseries-models.py

needs torch and safetensors (made with torch 2.15.0, safetensors 0.8). Windows are [B, T, C] here, as the authors have them (cure-lab/LTSF-Linear,
thuml/iTransformer), and are written [B, C, T]. iTransformer's windows are normalised by their mean and population deviation (plus 1e-5 under the root);
normalised windows are what is written. Its encoder layer is torch.nn.TransformerEncoderLayer with layer norms after the sums. Writes weights, inputs, outputs
and the gradients of Σ output · cos(1.7 i).
"""

import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from structure_golden import Weights
from torch.func import functional_call
from torch.nn.functional import avg_pool1d, layer_norm

OUT = Path(__file__).parents[2] / "packages/timeseries/src/models"
BATCH, CHANNELS, LOOK_BACK, HORIZON = 2, 3, 12, 5


def write(name, weights, inputs, forecast):
    """`forecast` is [B, H, C]; it is written [B, C, H]."""
    output = forecast.transpose(1, 2)
    objective = (output * torch.cos(1.7 * torch.arange(output.numel(), dtype=torch.float64)).reshape(output.shape)).sum()
    gradients = torch.autograd.grad(objective, list(weights.values()))
    tensors = {f"weights/{key}": value for key, value in weights.items()}
    tensors |= {f"gradients/{key}": value for key, value in zip(weights, gradients)}
    tensors |= {f"input/{key}": value for key, value in inputs.items()} | {"output": output}
    save_file({key: value.detach().float().contiguous() for key, value in tensors.items()}, OUT / name)


def window(weights):
    return weights.normal(BATCH, LOOK_BACK, CHANNELS).float().double()


weights = Weights(1)
weights.linear("linear", LOOK_BACK, HORIZON)
x = window(weights)
last = x[:, -1:]
forecast = weights.apply("linear", (x - last).transpose(1, 2)).transpose(1, 2) + last
write("nlinear/nlinear.golden.safetensors", weights, {"past": x.transpose(1, 2)}, forecast)

weights = Weights(2)
weights.linear("seasonal", LOOK_BACK, HORIZON)
weights.linear("trend", LOOK_BACK, HORIZON)
x, kernel = window(weights), 5
ends = (kernel - 1) // 2
padded = torch.cat([x[:, :1].repeat(1, ends, 1), x, x[:, -1:].repeat(1, ends, 1)], 1)
trend = avg_pool1d(padded.transpose(1, 2), kernel, 1)
forecast = weights.apply("seasonal", x.transpose(1, 2) - trend) + weights.apply("trend", trend)
write("dlinear/dlinear.golden.safetensors", weights, {"past": x.transpose(1, 2)}, forecast.transpose(1, 2))

WIDTH, HEADS, HIDDEN, LAYERS = 8, 2, 6, 2
weights = Weights(3)
weights.linear("embedding", LOOK_BACK, WIDTH)
weights.linear("knownEmbedding", LOOK_BACK + HORIZON, WIDTH)
for i in range(LAYERS):
    weights.attention(f"layers.{i}.attention", WIDTH, HEADS)
    weights.norm(f"layers.{i}.attentionNorm", WIDTH)
    weights.feed_forward(f"layers.{i}.feedForward", WIDTH, HIDDEN)
    weights.norm(f"layers.{i}.feedForwardNorm", WIDTH)
weights.norm("norm", WIDTH)
weights.linear("head", WIDTH, HORIZON)
x = window(weights)
x = (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, unbiased=False) + 1e-5).sqrt()
past = x.transpose(1, 2).float().double()
visits = weights.normal(BATCH, 2, LOOK_BACK).float().double()
known = weights.normal(BATCH, 1, LOOK_BACK + HORIZON).float().double()
tokens = torch.cat([weights.apply("embedding", torch.cat([past, visits], 1)), weights.apply("knownEmbedding", known)], 1)
layer = torch.nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, 0.0, "gelu", batch_first=True).double()
for i in range(LAYERS):
    of = f"layers.{i}"
    parameters = weights.torch_attention(f"{of}.attention", "self_attn")
    parameters |= weights.torch_linear(f"{of}.feedForward.hidden", "linear1") | weights.torch_linear(f"{of}.feedForward.output", "linear2")
    parameters |= weights.torch_norm(f"{of}.attentionNorm", "norm1") | weights.torch_norm(f"{of}.feedForwardNorm", "norm2")
    tokens = functional_call(layer, parameters, (tokens,))
hidden = layer_norm(tokens, (WIDTH,), weights["norm.weight"], weights["norm.bias"])[:, :CHANNELS]
forecast = weights.apply("head", hidden).transpose(1, 2)
write("itransformer/itransformer.golden.safetensors", weights, {"past": past, "pastOnly": visits, "knownFuture": known}, forecast)
