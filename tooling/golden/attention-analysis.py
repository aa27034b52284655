"""Expected values for packages/attention-core/src/maps/analysis: rollout, flow (networkx), head summaries (scipy), Chefer's relevance."""
import json
import pathlib

import networkx
import numpy
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, spearmanr

OUT = pathlib.Path(__file__).parents[2] / "packages/attention-core/src/maps/analysis/analysis.golden.json"

random = numpy.random.default_rng(3)
LAYERS, BATCH, HEADS, LENGTH = 3, 2, 2, 4
scores = random.normal(size=(LAYERS, BATCH, HEADS, LENGTH, LENGTH)) * 2
maps = numpy.exp(scores) / numpy.exp(scores).sum(-1, keepdims=True)
maps = maps.astype(numpy.float32).astype(numpy.float64)
gradients = random.normal(size=maps.shape).astype(numpy.float32).astype(numpy.float64)


def mixed(layer, fuse, residual):
    fused = getattr(layer, fuse)(axis=1)
    fused = fused / fused.sum(-1, keepdims=True)
    out = (1 - residual) * fused + residual * numpy.eye(LENGTH)
    return out / out.sum(-1, keepdims=True)


def rollout(fuse="mean", residual=0.5):
    joint = numpy.eye(LENGTH)
    for layer in maps:
        joint = mixed(layer, fuse, residual) @ joint
    return joint


def flow():
    out = numpy.zeros((BATCH, LENGTH, LENGTH))
    layers = [mixed(layer, "mean", 0.5) for layer in maps]
    for b in range(BATCH):
        graph = networkx.DiGraph()
        for l, layer in enumerate(layers):
            for q in range(LENGTH):
                for k in range(LENGTH):
                    graph.add_edge((l + 1, q), (l, k), capacity=layer[b, q, k])
        for q in range(LENGTH):
            for k in range(LENGTH):
                out[b, q, k] = networkx.maximum_flow_value(graph, (LAYERS, q), (0, k))
    return out / out.sum(-1, keepdims=True)


def relevance():
    total = numpy.broadcast_to(numpy.eye(LENGTH), (BATCH, LENGTH, LENGTH))
    for layer, gradient in zip(maps, gradients):
        total = total + numpy.maximum(layer * gradient, 0).mean(1) @ total
    return total


first = maps[0]
positions = numpy.abs(numpy.arange(LENGTH)[None, :] - numpy.arange(LENGTH)[:, None])
summaries = dict(
    entropy=entropy(first, axis=-1).mean((0, 2)).tolist(),
    distance=(first * positions).sum(-1).mean((0, 2)).tolist(),
    confidence=first.max(-1).mean((0, 2)).tolist(),
    disagreement=[
        [float((jensenshannon(first[:, a], first[:, b], axis=-1) ** 2).mean()) for b in range(HEADS)] for a in range(HEADS)
    ],
)
one, other = random.integers(0, 6, 20), random.integers(0, 6, 20)
OUT.write_text(
    json.dumps(
        dict(
            shape=list(maps.shape[1:]),
            maps=[layer.flatten().tolist() for layer in maps],
            gradients=[layer.flatten().tolist() for layer in gradients],
            rollout={fuse: rollout(fuse).flatten().tolist() for fuse in ["mean", "max", "min"]},
            rolloutWithoutResidual=rollout(residual=0).flatten().tolist(),
            flow=flow().flatten().tolist(),
            relevance=relevance().flatten().tolist(),
            summaries=summaries,
            spearman=dict(one=one.tolist(), other=other.tolist(), correlation=float(spearmanr(one, other).statistic)),
        ),
    )
    + "\n"
)
