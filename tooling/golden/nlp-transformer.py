"""Golden values for packages/nlp/src/models/transformer: torch's encoder and decoder layers, put together as in the paper.

    python tooling/golden/nlp-transformer.py

Made with torch 2.15.0.
"""

import math

import torch
from torch import nn

from structure_golden import Weights, save

SOURCES, TARGETS, WIDTH, HEADS, HIDDEN, LAYERS, LONGEST = 7, 6, 8, 2, 12, 2, 5
HOME = "../../nlp/src/models/transformer"

source = torch.tensor([[1, 4, 2, 3], [3, 1, 0, 0]])
lengths = torch.tensor([4, 2])
target_inputs = torch.tensor([[0, 5, 2], [0, 3, 4]])


def call(module, parameters, *inputs, **options):
    return torch.func.functional_call(module.double().eval(), parameters, inputs, options, strict=True)


def sinusoids(length):
    position = torch.arange(length, dtype=torch.float64)[:, None]
    rate = torch.exp(torch.arange(0, WIDTH, 2, dtype=torch.float64) * (-math.log(10000.0) / WIDTH))
    table = torch.zeros(length, WIDTH, dtype=torch.float64)
    table[:, 0::2], table[:, 1::2] = torch.sin(position * rate), torch.cos(position * rate)
    return table


def transformer(name, seed, norm_first, activation, embeddings, learned):
    shared = embeddings == "shared"
    weights = Weights(seed)
    weights.add("source.symbols.weight", TARGETS if shared else SOURCES, WIDTH)
    if not shared:
        weights.add("target.symbols.weight", TARGETS, WIDTH)
    if learned:
        weights.add("source.positions.weight", LONGEST, WIDTH)
        weights.add("target.positions.weight", LONGEST, WIDTH)
    if embeddings == "separate":
        weights.linear("output", WIDTH, TARGETS)
    table = {side: weights["source.symbols.weight" if shared else f"{side}.symbols.weight"] for side in ("source", "target")}

    def embed(side, symbols):
        length = symbols.shape[1]
        positions = weights[f"{side}.positions.weight"][:length] if learned else sinusoids(length)
        return table[side][symbols] * math.sqrt(WIDTH) + positions

    def block(kind, i, attentions):
        at = f"{kind}.{i}."
        for part in attentions:
            weights.attention(at + part, WIDTH, HEADS)
            weights.norm(f"{at}{part}Norm", WIDTH)
        weights.feed_forward(at + "feedForward", WIDTH, HIDDEN)
        weights.norm(at + "feedForwardNorm", WIDTH)
        parameters = weights.torch_linear(at + "feedForward.hidden", "linear1")
        parameters |= weights.torch_linear(at + "feedForward.output", "linear2")
        for number, (part, theirs) in enumerate(attentions.items(), 1):
            parameters |= weights.torch_attention(at + part, theirs) | weights.torch_norm(f"{at}{part}Norm", f"norm{number}")
        return parameters | weights.torch_norm(at + "feedForwardNorm", f"norm{len(attentions) + 1}")

    def normed(part, x):
        if not norm_first:
            return x
        weights.norm(part, WIDTH)
        return nn.functional.layer_norm(x, (WIDTH,), weights[f"{part}.weight"], weights[f"{part}.bias"])

    options = dict(dropout=0.0, activation=activation, batch_first=True, norm_first=norm_first)
    padded = torch.arange(source.shape[1]) >= lengths[:, None]
    later = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)
    hidden = embed("source", source)
    for i in range(LAYERS):
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, **options)
        hidden = call(layer, block("encoder", i, {"attention": "self_attn"}), hidden, src_key_padding_mask=padded)
    memory = normed("encoderNorm", hidden)
    hidden = embed("target", target_inputs)
    for i in range(LAYERS):
        layer = nn.TransformerDecoderLayer(WIDTH, HEADS, HIDDEN, **options)
        parameters = block("decoder", i, {"selfAttention": "self_attn", "crossAttention": "multihead_attn"})
        hidden = call(layer, parameters, hidden, memory, tgt_mask=later, memory_key_padding_mask=padded)
    features = normed("decoderNorm", hidden)
    logits = weights.apply("output", features) if embeddings == "separate" else features @ table["target"].T
    inputs = {"source": source, "sourceLengths": lengths, "targetInputs": target_inputs}
    save(f"{HOME}/{name}", weights, inputs, {"logits": logits})


transformer("transformer-post", 11, False, "relu", "separate", learned=False)
transformer("transformer-pre", 12, True, "gelu", "shared", learned=True)
