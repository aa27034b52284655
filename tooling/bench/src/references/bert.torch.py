"""BERT's encoder in eager PyTorch: queries, keys and values from one product, fused attention, the texts' padding masked."""

import torch
import torch.nn.functional as F
from same_values import embedding, linear, norm, same_integers
from torch import nn

EPSILON = 1e-12


class Layer(nn.Module):
    def __init__(self, name, case):
        super().__init__()
        width, inner = case["width"], case["inner"]
        self.heads = case["heads"]
        self.projection = linear(width, width, *(f"{name}.attention.{part}" for part in ("query", "key", "value")))
        self.output = linear(width, width, f"{name}.attention.output")
        self.attention_norm = norm(width, EPSILON, f"{name}.attentionNorm")
        self.inner = linear(width, inner, f"{name}.feedForward.hidden")
        self.outer = linear(inner, width, f"{name}.feedForward.output")
        self.feed_forward_norm = norm(width, EPSILON, f"{name}.feedForwardNorm")

    def forward(self, x, mask):
        batch, length, width = x.shape
        projected = self.projection(x).split(width, dim=2)
        query, key, value = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in projected)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = self.attention_norm(x + self.output(mixed.transpose(1, 2).reshape(batch, length, width)))
        return self.feed_forward_norm(x + self.outer(F.gelu(self.inner(x))))


class Bert(nn.Module):
    def __init__(self, case):
        super().__init__()
        width = case["width"]
        self.tokens = embedding(case["vocabulary"], width, "embeddings.token")
        self.positions = embedding(case["maximumLength"], width, "embeddings.position")
        self.types = embedding(2, width, "embeddings.tokenType")
        self.norm = norm(width, EPSILON, "embeddings.norm")
        self.layers = nn.ModuleList(Layer(f"layers.{i}", case) for i in range(case["layers"]))

    def forward(self, tokens, real):
        length = tokens.shape[1]
        types = self.types(torch.zeros_like(tokens))
        x = self.norm(self.tokens(tokens) + types + self.positions.weight[:length])
        mask = real[:, None, None, :]  # [B, 1, 1, S]
        for layer in self.layers:
            x = layer(x, mask)
        return x


def prepare(case):
    model = Bert(case).eval()
    tokens = same_integers("tokens", [case["batch"], case["length"]], case["vocabulary"])
    real = torch.ones_like(tokens, dtype=torch.bool)

    def run():
        with torch.no_grad():
            return model(tokens, real)

    return run
