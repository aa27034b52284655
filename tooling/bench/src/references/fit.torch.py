"""A whole training in eager PyTorch, the making of the model included: what its memory is measured by."""

import math
import runpy
from pathlib import Path

import torch
import torch.nn.functional as F
from same_values import embedding, linear, norm, same_integers
from torch import nn

Gpt = runpy.run_path(str(Path(__file__).with_name("gpt.torch.py")))["Gpt"]


class Attention(nn.Module):
    def __init__(self, name, width, heads):
        super().__init__()
        self.heads = heads
        for part in ("query", "key", "value", "output"):
            setattr(self, part, linear(width, width, f"{name}.{part}"))

    def forward(self, x, memory, dropout, mask=None, causal=False):
        def split(rows):
            return rows.view(*rows.shape[:2], self.heads, -1).transpose(1, 2)

        query, key, value = split(self.query(x)), split(self.key(memory)), split(self.value(memory))
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout, is_causal=causal)
        return self.output(mixed.transpose(1, 2).reshape(x.shape))


class FeedForward(nn.Module):
    def __init__(self, name, width, inner):
        super().__init__()
        self.hidden, self.output = linear(width, inner, f"{name}.hidden"), linear(inner, width, f"{name}.output")

    def forward(self, x, dropout):
        return self.output(F.dropout(F.relu(self.hidden(x)), dropout))


class Block(nn.Module):
    """Pre-norm; with `decoder` it looks at the source too."""

    def __init__(self, name, case, decoder):
        super().__init__()
        width, heads = case["width"], case["heads"]
        self.attention_norm = norm(width, 1e-5, f"{name}.{'selfAttention' if decoder else 'attention'}Norm")
        self.attention = Attention(f"{name}.{'selfAttention' if decoder else 'attention'}", width, heads)
        self.cross_norm = norm(width, 1e-5, f"{name}.crossAttentionNorm") if decoder else None
        self.cross = Attention(f"{name}.crossAttention", width, heads) if decoder else None
        self.feed_forward_norm = norm(width, 1e-5, f"{name}.feedForwardNorm")
        self.feed_forward = FeedForward(f"{name}.feedForward", width, case["inner"])
        self.dropout = case["dropout"]

    def forward(self, x, source_mask, memory=None):
        rate = self.dropout
        normed = self.attention_norm(x)
        own = {"mask": source_mask} if memory is None else {"causal": True}
        x = x + F.dropout(self.attention(normed, normed, rate, **own), rate)
        if memory is not None:
            x = x + F.dropout(self.cross(self.cross_norm(x), memory, rate, mask=source_mask), rate)
        return x + F.dropout(self.feed_forward(self.feed_forward_norm(x), rate), rate)


class Transformer(nn.Module):
    """One table of embeddings for source, target and logits; sinusoidal positions."""

    def __init__(self, case):
        super().__init__()
        width, self.dropout = case["width"], case["dropout"]
        self.table = embedding(case["vocabulary"], width, "source.symbols")
        self.encoder = nn.ModuleList(Block(f"encoder.{i}", case, False) for i in range(case["layers"]))
        self.encoder_norm = norm(width, 1e-5, "encoderNorm")
        self.decoder = nn.ModuleList(Block(f"decoder.{i}", case, True) for i in range(case["layers"]))
        self.decoder_norm = norm(width, 1e-5, "decoderNorm")
        rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000) / width))
        angles = torch.arange(512)[:, None] * rates
        self.register_buffer("positions", torch.stack([angles.sin(), angles.cos()], 2).reshape(512, width))

    def embed(self, ids):
        scaled = self.table(ids) * math.sqrt(self.table.weight.shape[1])
        return F.dropout(scaled + self.positions[: ids.shape[1]], self.dropout)

    def forward(self, source, lengths, targets):
        mask = (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]  # [B, 1, 1, S]
        x = self.embed(source)
        for block in self.encoder:
            x = block(x, mask)
        memory, x = self.encoder_norm(x), self.embed(targets)
        for block in self.decoder:
            x = block(x, mask, memory)
        return self.decoder_norm(x) @ self.table.weight.T


def fit(model, batches, loss_of):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for batch in batches:
        loss = loss_of(batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2)
        optimizer.step()
        losses.append(loss.item())
    return torch.tensor(losses)


def fit_gpt(case):
    model = Gpt(case)
    shape = [case["batch"], case["length"]]
    batches = [
        [same_integers(f"{kind} {i}", shape, case["vocabulary"]) for kind in ("inputs", "targets")]
        for i in range(case["steps"])
    ]
    return fit(model, batches, lambda batch: F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten()))


def fit_transformer(case):
    model = Transformer(case)
    batch, vocabulary = case["batch"], case["vocabulary"]
    batches = []
    for i in range(case["steps"]):
        source, target = case["lengths"][i % len(case["lengths"])]
        sizes = [("source", source), ("inputs", target), ("targets", target)]
        batches.append([same_integers(f"{kind} {i}", [batch, length], vocabulary) for kind, length in sizes])

    def loss_of(batch):
        source, inputs, targets = batch
        lengths = torch.full([len(source)], source.shape[1])
        logits = model(source, lengths, inputs).flatten(0, 1)
        return F.cross_entropy(logits, targets.flatten(), label_smoothing=case["labelSmoothing"])

    return fit(model, batches, loss_of)


def prepare(case):
    torch.manual_seed(7)
    fits = {"gpt": fit_gpt, "transformer": fit_transformer}
    return lambda: [fits[case["model"]](case)]
