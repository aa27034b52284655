"""Goldens of packages/graph/src/positions: PyTorch Geometric's transforms on one small graph.

    python tooling/golden/graph-positions.py
"""

import json
import warnings

warnings.filterwarnings("ignore")

import torch
from torch_geometric.data import Data
from torch_geometric.transforms import AddLaplacianEigenvectorPE, AddRandomWalkPE

# a tree with a cycle, without symmetry, so that all eigenvalues differ
PAIRS = [(0, 1), (1, 2), (2, 3), (3, 0), (2, 4), (4, 5), (5, 6), (1, 7), (4, 8), (0, 2)]

sources = [a for a, b in PAIRS] + [b for a, b in PAIRS]
targets = [b for a, b in PAIRS] + [a for a, b in PAIRS]
graph = Data(edge_index=torch.tensor([sources, targets]), num_nodes=9)
golden = {
    "sources": sources,
    "targets": targets,
    "laplacian": AddLaplacianEigenvectorPE(3, "pe", is_undirected=True)(graph.clone())["pe"].tolist(),
    "randomWalk": AddRandomWalkPE(6, "pe")(graph.clone())["pe"].tolist(),
}
with open("packages/graph/src/positions/positions.golden.json", "w") as file:
    json.dump(golden, file)
    file.write("\n")
