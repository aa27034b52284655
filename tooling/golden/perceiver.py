"""A Perceiver (Jaegle et al. 2021) of torch's parts: nn.MultiheadAttention reads, nn.TransformerEncoderLayer works on the latents."""
import torch
from torch import nn

from structure_golden import Weights, leaf, save

LATENTS, WIDTH, INPUT, HIDDEN, HEADS, LAYERS, REPEATS = 3, 4, 5, 6, 2, 1, 2

weights = Weights(61)
weights.add("latents", LATENTS, WIDTH)
weights.attention("read.attention", WIDTH, 1, memory=INPUT)
weights.norm("read.attentionNorm", WIDTH)
weights.norm("read.memoryNorm", INPUT)
weights.feed_forward("read.feedForward", WIDTH, HIDDEN)
weights.norm("read.feedForwardNorm", WIDTH)
for i in range(LAYERS):
    weights.attention(f"blocks.{i}.attention", WIDTH, HEADS)
    weights.norm(f"blocks.{i}.attentionNorm", WIDTH)
    weights.feed_forward(f"blocks.{i}.feedForward", WIDTH, HIDDEN)
    weights.norm(f"blocks.{i}.feedForwardNorm", WIDTH)
x, lengths = leaf(weights.normal(2, 6, INPUT)), torch.tensor([6, 4])

norm = lambda t, part: nn.functional.layer_norm(t, t.shape[-1:], weights[f"{part}.weight"], weights[f"{part}.bias"])
reader = nn.MultiheadAttention(WIDTH, 1, kdim=INPUT, vdim=INPUT, batch_first=True).double()
reader_parameters = {
    "q_proj_weight": weights["read.attention.query.weight"].T,
    "k_proj_weight": weights["read.attention.key.weight"].T,
    "v_proj_weight": weights["read.attention.value.weight"].T,
    "in_proj_bias": torch.cat([weights[f"read.attention.{part}.bias"] for part in ("query", "key", "value")]),
} | weights.torch_linear("read.attention.output", "out_proj")
layer = nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, 0.0, "gelu", batch_first=True, norm_first=True).double().eval()

latents = weights["latents"].expand(2, -1, -1)
hidden = torch.arange(6) >= lengths[:, None]
for _ in range(REPEATS):
    keys = norm(x, "read.memoryNorm")
    query = norm(latents, "read.attentionNorm")
    options = {"key_padding_mask": hidden, "need_weights": False}
    latents = latents + torch.func.functional_call(reader, reader_parameters, (query, keys, keys), options)[0]
    inner = nn.functional.gelu(weights.apply("read.feedForward.hidden", norm(latents, "read.feedForwardNorm")))
    latents = latents + weights.apply("read.feedForward.output", inner)
    for i in range(LAYERS):
        parameters = (
            weights.torch_attention(f"blocks.{i}.attention", "self_attn")
            | weights.torch_linear(f"blocks.{i}.feedForward.hidden", "linear1")
            | weights.torch_linear(f"blocks.{i}.feedForward.output", "linear2")
            | weights.torch_norm(f"blocks.{i}.attentionNorm", "norm1")
            | weights.torch_norm(f"blocks.{i}.feedForwardNorm", "norm2")
        )
        latents = torch.func.functional_call(layer, parameters, latents, strict=True)
save("structures/perceiver", weights, {"x": x, "lengths": lengths}, {"latents": latents})
