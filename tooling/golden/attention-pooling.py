"""Hierarchical attention (Yang et al. 2016), MCAN's reduction (Yu et al. 2019) and DIN's activation unit (Zhou et al. 2018), from
their formulas, with loops over sentences and events in place of batched products."""
import torch
from torch.nn import functional

from structure_golden import Weights, leaf, save


def pool(weights, name, x, length, activation):
    """x [L, D] of which the first `length` count."""
    if length == 0:
        return torch.zeros(x.shape[-1], dtype=x.dtype)
    kept = x[:length]
    scores = activation(weights.apply(f"{name}.hidden", kept)) @ weights[f"{name}.context"][0]
    return functional.softmax(scores, 0) @ kept


def pooling_weights(weights, name, width, hidden):
    weights.linear(f"{name}.hidden", width, hidden)
    weights.add(f"{name}.context", 1, hidden)


def hierarchical():
    weights = Weights(21)
    pooling_weights(weights, "words", 5, 4)
    pooling_weights(weights, "sentences", 6, 4)
    words = leaf(weights.normal(2, 3, 4, 5))
    mixing = leaf(weights.normal(5, 6))
    lengths = torch.tensor([[4, 2, 1], [3, 4, 0]])
    documents, sentences = [], []
    for b in range(2):
        pooled = torch.stack([pool(weights, "words", words[b, s], lengths[b, s], torch.tanh) for s in range(3)])
        count = int((lengths[b] > 0).sum())
        documents.append(pool(weights, "sentences", torch.tanh(pooled @ mixing), count, torch.tanh))
        sentences.append(pooled)
    save(
        "structures/hierarchical-attention",
        weights,
        {"words": words, "mixing": mixing, "lengths": lengths},
        {"document": torch.stack(documents), "sentences": torch.stack(sentences)},
    )


def reduction():
    weights = Weights(22)
    pooling_weights(weights, "pooling", 6, 7)
    weights.linear("output", 6, 5)
    x, lengths = leaf(weights.normal(2, 4, 6)), torch.tensor([4, 2])
    pooled = torch.stack([pool(weights, "pooling", x[b], lengths[b], torch.relu) for b in range(2)])
    save("structures/attention-reduction", weights, {"x": x, "lengths": lengths}, {"output": weights.apply("output", pooled)})


def target(name, seed, prelu, softmax):
    weights = Weights(seed)
    sizes = [16, 6, 5]
    for i in range(2):
        weights.linear(f"unit.layers.{i}", sizes[i], sizes[i + 1])
    if prelu:
        for i in range(2):
            weights.add(f"unit.slopes.{i}", sizes[i + 1], shift=0.25, scale=0.1)
    weights.linear("unit.output", 5, 1)
    candidates, history = leaf(weights.normal(2, 3, 4)), leaf(weights.normal(2, 5, 4))
    lengths = torch.tensor([5, 2])
    rows = []
    for b in range(2):
        for q in candidates[b]:
            scores = []
            for k in history[b, : lengths[b]]:
                hidden = torch.cat([q, k, q - k, q * k])
                for i in range(2):
                    hidden = weights.apply(f"unit.layers.{i}", hidden)
                    hidden = functional.prelu(hidden[None], weights[f"unit.slopes.{i}"])[0] if prelu else torch.sigmoid(hidden)
                scores.append(weights.apply("unit.output", hidden))
            scores = torch.cat(scores)
            scores = functional.softmax(scores, 0) if softmax else scores
            rows.append(scores @ history[b, : lengths[b]])
    output = torch.stack(rows).reshape(2, 3, 4)
    save(name, weights, {"candidates": candidates, "history": history, "lengths": lengths}, {"output": output})


hierarchical()
reduction()
target("structures/target-attention-sigmoid", 23, prelu=False, softmax=False)
target("structures/target-attention-prelu", 24, prelu=True, softmax=True)
