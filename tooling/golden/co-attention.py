"""Co-attention from its formulas: parallel and alternating (Lu et al. 2016), pairwise, dense symmetric (Nguyen & Okatani 2018).
Hidden positions are cut off, example by example, in place of masks."""
import torch
from torch.nn import functional

from structure_golden import Weights, leaf, save

LENGTHS = [(4, 5), (2, 3)]  # visible words and regions of each example


def inputs_of(weights, word_width, region_width):
    words, regions = leaf(weights.normal(2, 4, word_width)), leaf(weights.normal(2, 5, region_width))
    lengths = {"wordLengths": torch.tensor([4, 2]), "regionLengths": torch.tensor([5, 3])}
    return words, regions, {"words": words, "regions": regions, **lengths}


def per_example(words, regions, run):
    both = [run(words[b, :t], regions[b, :n]) for b, (t, n) in enumerate(LENGTHS)]
    return {"words": torch.stack([w for w, _ in both]), "regions": torch.stack([r for _, r in both])}


def parallel():
    weights = Weights(31)
    weights.add("affinity", 5, 6)
    weights.add("wordWeight", 5, 7)
    weights.add("regionWeight", 6, 7)
    weights.add("wordVector", 7, 1)
    weights.add("regionVector", 7, 1)
    words, regions, inputs = inputs_of(weights, 5, 6)

    def run(q, v):
        c = torch.tanh(torch.einsum("ti,ij,nj->tn", q, weights["affinity"], v))
        h_v = torch.tanh(v @ weights["regionWeight"] + torch.einsum("tn,tk->nk", c, q @ weights["wordWeight"]))
        h_q = torch.tanh(q @ weights["wordWeight"] + torch.einsum("tn,nk->tk", c, v @ weights["regionWeight"]))
        a_v = functional.softmax(h_v @ weights["regionVector"][:, 0], 0)
        a_q = functional.softmax(h_q @ weights["wordVector"][:, 0], 0)
        return a_q @ q, a_v @ v

    save("structures/co-attention/parallel-co-attention", weights, inputs, per_example(words, regions, run))


def alternating(passes, seed):
    weights = Weights(seed)
    weights.add("first.weight", 5, 7)
    weights.add("first.vector", 7, 1)
    weights.add("second.weight", 6, 7)
    weights.add("second.guide", 5, 7)
    weights.add("second.vector", 7, 1)
    if passes == 3:
        weights.add("third.weight", 5, 7)
        weights.add("third.guide", 6, 7)
        weights.add("third.vector", 7, 1)
    words, regions, inputs = inputs_of(weights, 5, 6)

    def one(name, x, guide):
        hidden = x @ weights[f"{name}.weight"]
        if guide is not None:
            hidden = hidden + guide @ weights[f"{name}.guide"]
        return functional.softmax(torch.tanh(hidden) @ weights[f"{name}.vector"][:, 0], 0) @ x

    def run(q, v):
        word = one("first", q, None)
        region = one("second", v, word)
        return (one("third", q, region) if passes == 3 else word), region

    save(f"structures/co-attention/alternating-co-attention-{passes}", weights, inputs, per_example(words, regions, run))


def padded(words, regions, run):
    """As `per_example` for results that keep their length: hidden positions are compared too, with what they read."""
    both = [run(words[b], regions[b], t, n) for b, (t, n) in enumerate(LENGTHS)]
    return {"words": torch.stack([w for w, _ in both]), "regions": torch.stack([r for _, r in both])}


def pairwise():
    weights = Weights(34)
    weights.add("affinity", 5, 6)
    weights.linear("wordFusion", 11, 5)
    weights.linear("regionFusion", 11, 6)
    words, regions, inputs = inputs_of(weights, 5, 6)

    def run(q, v, t, n):
        a = q @ weights["affinity"] @ v.T
        read_v = functional.softmax(a[:, :n], 1) @ v[:n]
        read_q = functional.softmax(a[:t].T, 1) @ q[:t]
        return (
            q + torch.tanh(weights.apply("wordFusion", torch.cat([q, read_v], 1))),
            v + torch.tanh(weights.apply("regionFusion", torch.cat([v, read_q], 1))),
        )

    save("structures/co-attention/pairwise-co-attention", weights, inputs, padded(words, regions, run))


def dense():
    width, heads, nones, layers = 6, 2, 2, 2
    weights = Weights(35)
    for i in range(layers):
        weights.linear(f"layers.{i}.wordProjection", width, width, bias=False)
        weights.linear(f"layers.{i}.regionProjection", width, width, bias=False)
        weights.add(f"layers.{i}.wordNones", nones, width)
        weights.add(f"layers.{i}.regionNones", nones, width)
        weights.linear(f"layers.{i}.wordFusion", 2 * width, width)
        weights.linear(f"layers.{i}.regionFusion", 2 * width, width)
    words, regions, inputs = inputs_of(weights, width, width)

    def layer(name, q, v, t, n):
        q_all, v_all = torch.cat([weights[f"{name}.wordNones"], q]), torch.cat([weights[f"{name}.regionNones"], v])
        q_seen, v_seen = nones + t, nones + n
        head = width // heads
        read_v, read_q = 0, 0
        for h in range(heads):
            part = slice(h * head, (h + 1) * head)
            a = weights.apply(f"{name}.wordProjection", q_all)[:, part] @ weights.apply(f"{name}.regionProjection", v_all)[:, part].T
            a = a / head**0.5
            read_v = read_v + functional.softmax(a[nones:, :v_seen], 1) @ v_all[:v_seen] / heads
            read_q = read_q + functional.softmax(a[:q_seen, nones:].T, 1) @ q_all[:q_seen] / heads
        return (
            q + torch.relu(weights.apply(f"{name}.wordFusion", torch.cat([q, read_v], 1))),
            v + torch.relu(weights.apply(f"{name}.regionFusion", torch.cat([v, read_q], 1))),
        )

    def run(q, v, t, n):
        for i in range(layers):
            q, v = layer(f"layers.{i}", q, v, t, n)
        return q, v

    save("structures/co-attention/dense-co-attention", weights, inputs, padded(words, regions, run))


parallel()
alternating(2, 32)
alternating(3, 33)
pairwise()
dense()
