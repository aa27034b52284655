"""torch.nn.TransformerEncoderLayer and TransformerDecoderLayer for encoder and decoder blocks; the Perceiver's cross-attention
block from their parts; RMS norm by torch.nn.RMSNorm; the unbiased layer norm by its formula."""
import torch
from torch import nn

from structure_golden import Weights, leaf, save

WIDTH, HEADS, HIDDEN = 8, 2, 12


def block_weights(seed, attentions, bias=True):
    weights = Weights(seed)
    for name in attentions:
        weights.attention(name, WIDTH, HEADS)
        weights.norm(f"{name}Norm", WIDTH, bias)
    weights.feed_forward("feedForward", WIDTH, HIDDEN)
    weights.norm("feedForwardNorm", WIDTH, bias)
    return weights


def call(module, parameters, *inputs, **options):
    return torch.func.functional_call(module.double().eval(), parameters, inputs, options, strict=True)


def encoder(name, seed, norm_first, activation, rms=False):
    weights = block_weights(seed, ["attention"], bias=not rms)
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, 0.0, activation, batch_first=True, norm_first=norm_first)
    if rms:
        layer.norm1, layer.norm2 = nn.RMSNorm(WIDTH, eps=1e-6), nn.RMSNorm(WIDTH, eps=1e-6)
    parameters = (
        weights.torch_attention("attention", "self_attn")
        | weights.torch_linear("feedForward.hidden", "linear1")
        | weights.torch_linear("feedForward.output", "linear2")
        | weights.torch_norm("attentionNorm", "norm1")
        | weights.torch_norm("feedForwardNorm", "norm2")
    )
    x, lengths = leaf(weights.normal(2, 4, WIDTH)), torch.tensor([4, 2])
    hidden = torch.arange(4) >= lengths[:, None]
    output = call(layer, parameters, x, src_key_padding_mask=hidden)
    save(name, weights, {"x": x, "lengths": lengths}, {"output": output})


def decoder(name, seed, norm_first, activation):
    weights = block_weights(seed, ["selfAttention", "crossAttention"])
    layer = nn.TransformerDecoderLayer(WIDTH, HEADS, HIDDEN, 0.0, activation, batch_first=True, norm_first=norm_first)
    parameters = (
        weights.torch_attention("selfAttention", "self_attn")
        | weights.torch_attention("crossAttention", "multihead_attn")
        | weights.torch_linear("feedForward.hidden", "linear1")
        | weights.torch_linear("feedForward.output", "linear2")
        | weights.torch_norm("selfAttentionNorm", "norm1")
        | weights.torch_norm("crossAttentionNorm", "norm2")
        | weights.torch_norm("feedForwardNorm", "norm3")
    )
    x, memory = leaf(weights.normal(2, 3, WIDTH)), leaf(weights.normal(2, 5, WIDTH))
    memory_lengths = torch.tensor([5, 3])
    output = call(
        layer,
        parameters,
        x,
        memory,
        tgt_mask=torch.triu(torch.ones(3, 3, dtype=torch.bool), 1),
        memory_key_padding_mask=torch.arange(5) >= memory_lengths[:, None],
    )
    save(name, weights, {"x": x, "memory": memory, "memoryLengths": memory_lengths}, {"output": output})


def cross(name, seed):
    memory_width = 6
    weights = Weights(seed)
    weights.attention("attention", WIDTH, HEADS, memory=memory_width)
    weights.norm("attentionNorm", WIDTH)
    weights.norm("memoryNorm", memory_width)
    weights.feed_forward("feedForward", WIDTH, HIDDEN)
    weights.norm("feedForwardNorm", WIDTH)
    x, memory = leaf(weights.normal(2, 3, WIDTH)), leaf(weights.normal(2, 5, memory_width))
    norm = lambda t, part: nn.functional.layer_norm(t, t.shape[-1:], weights[f"{part}.weight"], weights[f"{part}.bias"])
    attention = nn.MultiheadAttention(WIDTH, HEADS, kdim=memory_width, vdim=memory_width, batch_first=True)
    parameters = {
        "q_proj_weight": weights["attention.query.weight"].T,
        "k_proj_weight": weights["attention.key.weight"].T,
        "v_proj_weight": weights["attention.value.weight"].T,
        "in_proj_bias": torch.cat([weights[f"attention.{part}.bias"] for part in ("query", "key", "value")]),
    } | weights.torch_linear("attention.output", "out_proj")
    keys = norm(memory, "memoryNorm")
    attended = x + call(attention, parameters, norm(x, "attentionNorm"), keys, keys, need_weights=False)[0]
    inner = weights.apply("feedForward.hidden", norm(attended, "feedForwardNorm"))
    output = attended + weights.apply("feedForward.output", nn.functional.gelu(inner))
    save(name, weights, {"x": x, "memory": memory}, {"output": output})


def unbiased_norm(name, seed):
    weights = Weights(seed)
    weights.norm("layer", 5)
    x = leaf(weights.normal(3, 5))
    centred = x - x.mean(-1, keepdim=True)
    output = weights["layer.weight"] * centred / (x.std(-1, keepdim=True) + 1e-6) + weights["layer.bias"]
    save(name, weights, {"x": x}, {"output": output})


encoder("structures/transformer-blocks/encoder-block-post", 2, False, "relu")
encoder("structures/transformer-blocks/encoder-block-pre", 3, True, "gelu")
encoder("structures/transformer-blocks/encoder-block-rms", 4, True, nn.functional.silu, rms=True)
decoder("structures/transformer-blocks/decoder-block-post", 5, False, "relu")
decoder("structures/transformer-blocks/decoder-block-pre", 6, True, "gelu")
cross("structures/transformer-blocks/cross-attention-block", 7)
unbiased_norm("layers/unbiased-layer-norm", 8)
