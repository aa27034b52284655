"""Goldens of packages/graph/src/layers: PyTorch Geometric's layers on one small graph, values and gradients.

Run from the project's root, with torch, torch_geometric (2.8.1) and safetensors installed:

    python tooling/golden/graph-layers.py

The graph has a self-loop, a double edge, a node that no edge leads to and one without any edge. Weights are stored as Heed
stores them: matrices [inputs, outputs], the transposes of torch's. Gradients are those of sum(output * weight), weight = cos(1.7 i).
"""

import warnings

warnings.filterwarnings("ignore")

import torch
from safetensors.torch import save_file
from torch_geometric.nn import GATConv, GATv2Conv, HANConv, TransformerConv
from torch_geometric.nn.aggr import AttentionalAggregation

FOLDER = "packages/graph/src/layers"
NODES, FEATURES, EDGE_FEATURES, HEADS, WIDTH = 7, 5, 2, 3, 4
#              double edge   loop                  to 4 from all but 6; nothing leads to 5; 6 is alone
SOURCES = [0, 1, 1, 2, 2, 3, 5, 0, 1, 2, 3, 4]
TARGETS = [1, 2, 2, 0, 2, 0, 3, 4, 4, 4, 4, 1]


def graph():
    torch.manual_seed(1)
    x = torch.randn(NODES, FEATURES, requires_grad=True)
    edge_features = torch.randn(len(SOURCES), EDGE_FEATURES, requires_grad=True)
    return x, torch.tensor([SOURCES, TARGETS]), edge_features


def randomise(layer, seed):
    """Biases begin at 0 in PyG, which would hide an error."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)


def backward(y):
    weight = torch.cos(torch.arange(y.numel(), dtype=torch.float64) * 1.7).float().reshape(y.shape)
    (y * weight).sum().backward()


def save(name, layer, parameters, inputs, output, extra=None):
    """parameters: Heed's name -> (torch parameter, how to turn it)."""
    tensors = {"output": output.detach(), **(extra or {})}
    for key, tensor in inputs.items():
        tensors[f"inputs.{key}"] = tensor.detach()
        tensors[f"gradients.inputs.{key}"] = tensor.grad
    for key, (parameter, turn) in parameters.items():
        tensors[f"weights.{key}"] = turn(parameter.detach())
        tensors[f"gradients.{key}"] = turn(parameter.grad)
    save_file({key: tensor.contiguous().clone() for key, tensor in tensors.items()}, f"{FOLDER}/{name}.golden.safetensors")


transpose = lambda m: m.t()
squeeze = lambda v: v.squeeze(0)
same = lambda v: v


def gat(join):
    x, edges, _ = graph()
    layer = GATConv(FEATURES, WIDTH, heads=HEADS, concat=join == "concat", add_self_loops=False)
    randomise(layer, 2)
    y, (_, attention) = layer(x, edges, return_attention_weights=True)
    backward(y)
    parameters = {
        "weight": (layer.lin.weight, transpose),
        "sourceAttention": (layer.att_src, squeeze),
        "targetAttention": (layer.att_dst, squeeze),
        "bias": (layer.bias, same),
    }
    save(f"gat-{join}", layer, parameters, {"x": x}, y, {"attention": attention.detach()})


def gatv2(join, with_edges):
    x, edges, edge_features = graph()
    layer = GATv2Conv(
        FEATURES,
        WIDTH,
        heads=HEADS,
        concat=join == "concat",
        add_self_loops=False,
        edge_dim=EDGE_FEATURES if with_edges else None,
    )
    randomise(layer, 3)
    y, (_, attention) = layer(x, edges, edge_features if with_edges else None, return_attention_weights=True)
    backward(y)
    parameters = {
        "sourceWeight": (layer.lin_l.weight, transpose),
        "sourceBias": (layer.lin_l.bias, same),
        "targetWeight": (layer.lin_r.weight, transpose),
        "targetBias": (layer.lin_r.bias, same),
        "attention": (layer.att, squeeze),
        "bias": (layer.bias, same),
    }
    inputs = {"x": x}
    if with_edges:
        parameters["edgeWeight"] = (layer.lin_edge.weight, transpose)
        inputs["edgeFeatures"] = edge_features
    save(f"gatv2-{join}", layer, parameters, inputs, y, {"attention": attention.detach()})


def transformer(join):
    x, edges, edge_features = graph()
    layer = TransformerConv(FEATURES, WIDTH, heads=HEADS, concat=join == "concat", edge_dim=EDGE_FEATURES)
    randomise(layer, 4)
    y, (_, attention) = layer(x, edges, edge_features, return_attention_weights=True)
    backward(y)
    parameters = {"edge.weight": (layer.lin_edge.weight, transpose)}
    for ours, theirs in [
        ("query", layer.lin_query),
        ("key", layer.lin_key),
        ("value", layer.lin_value),
        ("skip", layer.lin_skip),
    ]:
        parameters[f"{ours}.weight"] = (theirs.weight, transpose)
        parameters[f"{ours}.bias"] = (theirs.bias, same)
    inputs = {"x": x, "edgeFeatures": edge_features}
    save(f"transformer-{join}", layer, parameters, inputs, y, {"attention": attention.detach()})


def han():
    """Papers are written by authors and cite papers: two kinds of nodes, two relations that lead to papers."""
    torch.manual_seed(5)
    papers = torch.randn(4, FEATURES, requires_grad=True)
    authors = torch.randn(3, 2, requires_grad=True)
    cites = torch.tensor([[0, 1, 2, 2], [1, 0, 0, 0]])
    writes = torch.tensor([[0, 1, 1, 2, 0], [0, 0, 1, 2, 2]])
    metadata = (["paper", "author"], [("paper", "cites", "paper"), ("author", "writes", "paper")])
    layer = HANConv({"paper": FEATURES, "author": 2}, HEADS * WIDTH, metadata, heads=HEADS)
    randomise(layer, 6)
    outputs, semantic = layer(
        {"paper": papers, "author": authors},
        {metadata[1][0]: cites, metadata[1][1]: writes},
        return_semantic_attention_weights=True,
    )
    y = outputs["paper"]
    backward(y)
    parameters = {
        "semantic.weight": (layer.k_lin.weight, transpose),
        "semantic.bias": (layer.k_lin.bias, same),
        "semantic.vector": (layer.q, squeeze),
    }
    for index, kind in enumerate(metadata[0]):
        parameters[f"projections.{index}.weight"] = (layer.proj[kind].weight, transpose)
        parameters[f"projections.{index}.bias"] = (layer.proj[kind].bias, same)
    for index, relation in enumerate(metadata[1]):
        key = "__".join(relation)
        parameters[f"relations.{index}.sourceAttention"] = (layer.lin_src[key], squeeze)
        parameters[f"relations.{index}.targetAttention"] = (layer.lin_dst[key], squeeze)
    save("han", layer, parameters, {"papers": papers, "authors": authors}, y, {"semantic": semantic["paper"].detach()})


def pooling():
    """Three graphs of 3, 0 and 4 nodes."""
    x, _, _ = graph()
    gate = torch.nn.Linear(FEATURES, 1)
    layer = AttentionalAggregation(gate)
    randomise(gate, 7)
    y = layer(x, torch.tensor([0, 0, 0, 2, 2, 2, 2]), dim_size=3)
    backward(y)
    # the bias of the gate has no influence on a softmax, so Heed's has none
    save("pooling", layer, {"vector": (gate.weight, transpose)}, {"x": x}, y)


if __name__ == "__main__":
    for join in ["concat", "mean"]:
        gat(join)
        gatv2(join, with_edges=join == "concat")
        transformer(join)
    han()
    pooling()
