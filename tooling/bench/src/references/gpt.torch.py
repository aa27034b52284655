"""A training step of a GPT in eager PyTorch, as nanoGPT has it: queries, keys and values from one product, fused attention, Adam."""

import torch
import torch.nn.functional as F
from same_values import embedding, linear, norm, same_integers
from torch import nn


class Block(nn.Module):
    def __init__(self, name, width, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.attention_norm = norm(width, 1e-5, f"{name}.attentionNorm")
        self.projection = linear(width, width, *(f"{name}.attention.{part}" for part in ("query", "key", "value")))
        self.output = linear(width, width, f"{name}.attention.output")
        self.feed_forward_norm = norm(width, 1e-5, f"{name}.feedForwardNorm")
        self.inner = linear(width, 4 * width, f"{name}.feedForward.hidden")
        self.outer = linear(4 * width, width, f"{name}.feedForward.output")

    def forward(self, x):
        batch, length, width = x.shape
        projected = self.projection(self.attention_norm(x)).split(width, dim=2)
        query, key, value = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in projected)
        mixed = F.scaled_dot_product_attention(query, key, value, dropout_p=self.dropout, is_causal=True)
        x = x + self.drop(self.output(mixed.transpose(1, 2).reshape(batch, length, width)))
        return x + self.drop(self.outer(self.drop(F.gelu(self.inner(self.feed_forward_norm(x))))))

    def drop(self, x):
        return F.dropout(x, self.dropout) if self.dropout > 0 else x


class Gpt(nn.Module):
    def __init__(self, case):
        super().__init__()
        width, self.dropout = case["width"], case["dropout"]
        self.tokens = embedding(case["vocabulary"], width, "tokens")
        self.positions = embedding(case["length"], width, "positions")
        self.blocks = nn.ModuleList(
            Block(f"blocks.{layer}", width, case["heads"], self.dropout) for layer in range(case["layers"])
        )
        self.norm = norm(width, 1e-5, "norm")

    def forward(self, ids):
        x = self.tokens(ids) + self.positions.weight
        if self.dropout > 0:
            x = F.dropout(x, self.dropout)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.tokens.weight.T


def prepare(case):
    torch.manual_seed(7)
    model = Gpt(case)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    shape = [case["batch"], case["length"]]
    batches = [
        [same_integers(f"{kind} {i}", shape, case["vocabulary"]) for kind in ("inputs", "targets")] for i in range(8)
    ]
    steps = 0

    def run():
        nonlocal steps
        inputs, targets = batches[steps % len(batches)]
        steps += 1
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss

    return run
