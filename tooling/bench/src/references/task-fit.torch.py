"""Training in eager PyTorch on the data, weights and batch shapes that Heed's `fit` has."""

import json
import math
import random
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn
from transformer import Transformer, linear, norm

IGNORED = -100
SHAPES = 6


def prepare(case):
    folder, steps = Path(case["folder"]), case["steps"]
    training = {"gpt": gpt_training, "transformer": transformer_training}[case["model"]]

    def run():
        torch.manual_seed(7)
        model, optimizer, rate, clip, batches, loss_of = training(folder, case["batchSize"])
        warm_up = max(1, steps // 20)
        losses = []
        for step, batch in zip(range(1, steps + 1), batches):
            share = step / warm_up if step <= warm_up else (1 + math.cos(math.pi * (step - warm_up) / (steps - warm_up))) / 2
            for group in optimizer.param_groups:
                group["lr"] = rate * share
            loss = loss_of(*batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            losses.append(loss.item())
        third = max(1, steps // 3)
        return [torch.tensor([sum(part) / len(part) for part in (losses[:third], losses[-third:])])]

    return run


class Block(nn.Module):
    def __init__(self, weights, name, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.feed_forward_norm = (norm(weights, f"{name}.{part}Norm") for part in ("attention", "feedForward"))
        self.projection = linear(weights, *(f"{name}.attention.{part}" for part in ("query", "key", "value")))
        self.output = linear(weights, f"{name}.attention.output")
        self.inner, self.outer = (linear(weights, f"{name}.feedForward.{part}") for part in ("hidden", "output"))

    def forward(self, x):
        batch, length, width = x.shape
        projected = self.projection(self.attention_norm(x)).split(width, dim=2)
        query, key, value = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in projected)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.output(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.outer(F.gelu(self.inner(self.feed_forward_norm(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, weights, layers, heads):
        super().__init__()
        self.tokens, self.positions = (nn.Parameter(weights[f"{name}.weight"]) for name in ("tokens", "positions"))
        self.blocks = nn.ModuleList(Block(weights, f"layers.{i}", heads) for i in range(layers))
        self.norm = norm(weights, "norm")

    def forward(self, ids):
        x = F.embedding(ids, self.tokens) + self.positions[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.tokens.T


def gpt_training(folder, batch_size):
    config = json.loads((folder / "gpt" / "config.json").read_text())["config"]
    vocabulary = json.loads((folder / "gpt" / "tokenizer.json").read_text())["model"]["vocab"]
    model = Gpt(load_file(folder / "gpt" / "model.safetensors"), config["layers"], config["heads"])
    decayed = [{"params": [p for p in model.parameters() if (p.dim() > 1) == matrix], "weight_decay": decay} for matrix, decay in ((True, 0.1), (False, 0))]
    optimizer = torch.optim.AdamW(decayed, lr=1e-3, betas=(0.9, 0.99))
    tokens = torch.tensor([vocabulary[letter] for letter in (folder / "text.txt").read_text()])
    length = config["contextLength"]

    def batches():
        while True:
            starts = torch.randint(len(tokens) - length, [batch_size])
            windows = torch.stack([tokens[start : start + length + 1] for start in starts])
            yield windows[:, :-1], windows[:, 1:]

    def loss(inputs, targets):
        return F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())

    return model, optimizer, 1e-3, 1.0, batches(), loss


def transformer_training(folder, batch_size):
    model = Transformer(folder / "translator").train()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    pairs = json.loads((folder / "pairs.json").read_text())
    sources, targets = (model.tokenize(list(texts)) for texts in zip(*pairs))

    def loss(source, lengths, inputs, labels):
        logits = model(source, lengths, inputs)
        return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, label_smoothing=0.1)

    return model, optimizer, 2e-3, 2.0, pair_batches(model, sources, targets, batch_size), loss


def pair_batches(model, sources, targets, batch_size):
    """Pairs of similar length, in as few shapes as Heed's batches have."""
    sizes = [max(len(source), len(target) + 1) for source, target in zip(sources, targets)]
    bounds = bucket_bounds(sizes, SHAPES)
    bucket_of = [next(i for i, bound in enumerate(bounds) if size <= bound) for size in sizes]
    members = [[i for i, own in enumerate(bucket_of) if own == bucket] for bucket in range(len(bounds))]
    shapes = [(max(len(sources[i]) for i in group), max(len(targets[i]) + 1 for i in group)) for group in members]
    order = list(range(len(sizes)))
    while True:
        random.Random(7).shuffle(order)
        waiting = [[] for _ in bounds]
        for i in order:
            group = waiting[bucket_of[i]]
            group.append(i)
            if len(group) < batch_size:
                continue
            source_length, target_length = shapes[bucket_of[i]]
            yield (
                padded([sources[j] for j in group], source_length, 0),
                torch.tensor([len(sources[j]) for j in group]),
                padded([[model.start, *targets[j]] for j in group], target_length, model.end),
                padded([[*targets[j], model.end] for j in group], target_length, IGNORED),
            )
            group.clear()


def padded(rows, width, filler):
    return torch.tensor([row + [filler] * (width - len(row)) for row in rows])


def bucket_bounds(sizes, count):
    """Upper bounds of buckets so that the sum of what sizes are padded to is least."""
    distinct = sorted(set(sizes))
    up_to = [0]
    for size in distinct:
        up_to.append(up_to[-1] + sizes.count(size))
    best = {(0, 0): (0, [])}
    for buckets in range(1, count + 1):
        for i in range(buckets, len(distinct) + 1):
            ways = [best[buckets - 1, cut] for cut in range(i) if (buckets - 1, cut) in best]
            cuts = [cut for cut in range(i) if (buckets - 1, cut) in best]
            if ways:
                best[buckets, i] = min((cost + (up_to[i] - up_to[cut]) * distinct[i - 1], [*bounds, distinct[i - 1]]) for (cost, bounds), cut in zip(ways, cuts))
    return min(best[buckets, len(distinct)] for buckets in range(1, count + 1) if (buckets, len(distinct)) in best)[1]
