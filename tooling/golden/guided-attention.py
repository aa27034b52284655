"""MCAN's encoder–decoder (Yu et al. 2019) from the equations of its units: scores filled with −1e9 where hidden, its own layer norm."""
import torch
from torch.nn import functional

from structure_golden import Weights, leaf, save

WIDTH, HEADS, HIDDEN, LAYERS = 4, 2, 6, 2


def attend(weights, name, query, memory, hidden):
    split = lambda x: x.reshape(2, -1, HEADS, WIDTH // HEADS).transpose(1, 2)
    q, k, v = (split(weights.apply(f"{name}.{part}", x)) for part, x in (("query", query), ("key", memory), ("value", memory)))
    scores = (q @ k.transpose(-2, -1) / (WIDTH // HEADS) ** 0.5).masked_fill(hidden[:, None, None, :], -1e9)
    read = (functional.softmax(scores, -1) @ v).transpose(1, 2).reshape(2, -1, WIDTH)
    return weights.apply(f"{name}.output", read)


def norm(weights, name, x):
    mean, deviation = x.mean(-1, keepdim=True), x.std(-1, keepdim=True)
    return weights[f"{name}.weight"] * (x - mean) / (deviation + 1e-6) + weights[f"{name}.bias"]


def feed(weights, name, x):
    return weights.apply(f"{name}.output", torch.relu(weights.apply(f"{name}.hidden", x)))


weights = Weights(51)
for side, attentions in (("guide", ["attention"]), ("guided", ["selfAttention", "crossAttention"])):
    for i in range(LAYERS):
        for attention in attentions:
            weights.attention(f"{side}.{i}.{attention}", WIDTH, HEADS)
            weights.norm(f"{side}.{i}.{attention}Norm", WIDTH)
        weights.feed_forward(f"{side}.{i}.feedForward", WIDTH, HIDDEN)
        weights.norm(f"{side}.{i}.feedForwardNorm", WIDTH)
question, image = leaf(weights.normal(2, 3, WIDTH)), leaf(weights.normal(2, 4, WIDTH))
lengths, image_lengths = torch.tensor([3, 2]), torch.tensor([2, 4])
q_hidden, v_hidden = torch.arange(3) >= lengths[:, None], torch.arange(4) >= image_lengths[:, None]
q, v = question, image
for i in range(LAYERS):
    unit = f"guide.{i}"
    q = norm(weights, f"{unit}.attentionNorm", q + attend(weights, f"{unit}.attention", q, q, q_hidden))
    q = norm(weights, f"{unit}.feedForwardNorm", q + feed(weights, f"{unit}.feedForward", q))
for i in range(LAYERS):
    unit = f"guided.{i}"
    v = norm(weights, f"{unit}.selfAttentionNorm", v + attend(weights, f"{unit}.selfAttention", v, v, v_hidden))
    v = norm(weights, f"{unit}.crossAttentionNorm", v + attend(weights, f"{unit}.crossAttention", v, q, q_hidden))
    v = norm(weights, f"{unit}.feedForwardNorm", v + feed(weights, f"{unit}.feedForward", v))
save(
    "structures/guided-attention",
    weights,
    {"guide": question, "x": image, "guideLengths": lengths, "lengths": image_lengths},
    {"guide": q, "x": v},
)
