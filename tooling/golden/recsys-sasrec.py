"""Golden values for packages/recsys/src/models/sasrec: SASRec from torch's own attention and layer norms, in the authors' arithmetic and pre-norm.

    python tooling/golden/recsys-sasrec.py

needs torch and safetensors (made with torch 2.15.0, safetensors 0.8). The authors' arithmetic is that of pmixer/SASRec.pytorch: queries are normalised,
keys and values are not, and the residual goes on from what was normalised. Histories are computed one by one, without padding. Writes weights, hidden
states of all items one after another, the mean cross-entropy of the next item among all (torch.nn.functional.cross_entropy) and its gradient by every weight.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from structure_golden import Weights
from torch.func import functional_call
from torch.nn.functional import cross_entropy, layer_norm

ITEMS, LONGEST, WIDTH, HEADS, LAYERS = 9, 5, 8, 2, 2
FILE = Path(__file__).parents[2] / "packages/recsys/src/models/sasrec/sasrec.golden.safetensors"
HISTORIES = [[1, 5, 2, 3, 8], [4, 0], [7]]
NEXT = [[5, 2, 3, 8, 6], [0, 1], [2]]


def golden(placement):
    weights = Weights(2018)
    weights.add("items.weight", ITEMS, WIDTH)
    weights.add("positions.weight", LONGEST, WIDTH)
    for layer in range(LAYERS):
        name = f"layers.{layer}"
        weights.norm(f"{name}.attentionNorm", WIDTH)
        weights.attention(f"{name}.attention", WIDTH, HEADS)
        weights.norm(f"{name}.feedForwardNorm", WIDTH)
        weights.linear(f"{name}.hidden", WIDTH, WIDTH)
        weights.linear(f"{name}.output", WIDTH, WIDTH)
    weights.norm("norm", WIDTH)
    attention = torch.nn.MultiheadAttention(WIDTH, HEADS, batch_first=True).double()

    def norm(name, x):
        return layer_norm(x, (WIDTH,), weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-8)

    def read(history):
        x = weights["items.weight"][torch.tensor(history)] * WIDTH**0.5 + weights["positions.weight"][LONGEST - len(history) :]
        hidden = torch.triu(torch.ones(len(history), len(history), dtype=torch.bool), 1)
        for layer in range(LAYERS):
            name = f"layers.{layer}"
            queries = norm(f"{name}.attentionNorm", x)
            memory = x if placement == "query" else queries
            parameters = {key[2:]: value for key, value in weights.torch_attention(f"{name}.attention", "a").items()}
            options = {"attn_mask": hidden, "need_weights": False}
            attended, _ = functional_call(attention, parameters, (queries[None], memory[None], memory[None]), options)
            x = (queries if placement == "query" else x) + attended[0]
            inner = norm(f"{name}.feedForwardNorm", x)
            fed = weights.apply(f"{name}.output", torch.relu(weights.apply(f"{name}.hidden", inner)))
            x = (inner if placement == "query" else x) + fed
        return norm("norm", x)

    states = torch.cat([read(history) for history in HISTORIES])
    loss = cross_entropy(states @ weights["items.weight"].T, torch.tensor(sum(NEXT, [])))
    loss.backward()
    return {
        "hidden": states,
        "loss": loss,
        **{f"weights/{name}": tensor for name, tensor in weights.items()},
        **{f"gradients/{name}": tensor.grad for name, tensor in weights.items()},
    }


tensors = {f"{placement}/{name}": tensor for placement in ("query", "pre") for name, tensor in golden(placement).items()}
save_file({name: tensor.detach().float().contiguous() for name, tensor in tensors.items()}, FILE)
