"""The training step of large-graph.ts in PyTorch Geometric: the same sizes, layers and sampling, without dropout.

Neighbours are sampled with NumPy (PyG's own sampler is a separate binary) and not timed; the step is forward, backward and Adam. Each layer
sees its own edges only, as with PyG's `trim_to_layer`. Prints the median of the steps in milliseconds and the memory of the process.
"""

import json
import resource
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import torch
from torch_geometric.nn import GATv2Conv

sizes = json.loads(sys.argv[1])
N, E, F, C, B = (sizes[key] for key in ["nodes", "edges", "features", "classes", "batch"])
random = np.random.default_rng(1)
sources, targets = random.integers(0, N, E), random.integers(0, N, E)
order = np.argsort(targets, kind="stable")
sources = sources[order]
starts = np.searchsorted(targets[order], np.arange(N + 1))
features = torch.randn(N, F)
labels = features[:, :C].argmax(1)


def sample(asked):
    nodes, number = list(asked), {node: i for i, node in enumerate(asked)}
    edges, layers = [], []
    first = 0
    for count in sizes["neighbours"]:
        end = len(nodes)
        for target in range(first, end):
            near = sources[starts[nodes[target]] : starts[nodes[target] + 1]]
            if len(near) > count:
                near = random.choice(near, count, replace=False)
            for node in near:
                if node not in number:
                    number[node] = len(nodes)
                    nodes.append(node)
                edges.append((number[node], target))
        loops = torch.arange(end).repeat(2, 1)
        layers.insert(0, (torch.cat([torch.tensor(edges).t(), loops], 1), end))
        first = end
    return torch.tensor(np.array(nodes)), layers


H, D = sizes["heads"], sizes["headWidth"]
first = GATv2Conv(F, D, heads=H, add_self_loops=False)
last = GATv2Conv(H * D, C, heads=1, add_self_loops=False)
optimizer = torch.optim.Adam([*first.parameters(), *last.parameters()], lr=1e-3)
times = []
for step in range(sizes["steps"]):
    asked = random.choice(N, B, replace=False)
    nodes, ((edges1, targets1), (edges2, targets2)) = sample(asked)
    x = features[nodes]
    begun = time.perf_counter()
    hidden = torch.nn.functional.elu(first((x, x[:targets1]), edges1))
    logits = last((hidden, hidden[:targets2]), edges2)
    loss = torch.nn.functional.cross_entropy(logits, labels[nodes[:B]])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    loss.item()
    times.append(1000 * (time.perf_counter() - begun))
gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"step": float(np.median(times[min(4, len(times) - 1) :])), "gigabytes": gigabytes}))
