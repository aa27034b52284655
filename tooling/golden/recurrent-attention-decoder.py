"""Bahdanau's and Luong's decoders around torch.nn.GRUCell and LSTMCell, whose input is the concatenation that Heed splits."""
import torch
from torch import nn
from torch.nn import functional

from structure_golden import Weights, leaf, save

INPUTS, MEMORY, HIDDEN, STEPS = 3, 4, 5, 3


def decoder(name, seed, cell, asks):
    weights = Weights(seed)
    gates = HIDDEN * {"gru": 3, "lstm": 4}[cell]
    weights.add("cell.inputWeight", INPUTS, gates)
    weights.add("cell.inputBias", gates)
    weights.add("cell.hiddenWeight", HIDDEN, gates)
    weights.add("cell.hiddenBias", gates)
    fed_width = MEMORY if asks == "before" else HIDDEN
    weights.add("feeding.weight", fed_width, gates)
    if asks == "before":
        weights.add("score.query.weight", HIDDEN, HIDDEN)
        weights.add("score.key.weight", MEMORY, HIDDEN)
        weights.add("score.vector", HIDDEN, 1)
    else:
        weights.add("score.weight", HIDDEN, MEMORY)
        weights.add("combination.weight", MEMORY + HIDDEN, HIDDEN)
    module = {"gru": nn.GRUCell, "lstm": nn.LSTMCell}[cell](INPUTS + fed_width, HIDDEN).double()
    parameters = {
        "weight_ih": torch.cat([weights["cell.inputWeight"], weights["feeding.weight"]]).T,
        "weight_hh": weights["cell.hiddenWeight"].T,
        "bias_ih": weights["cell.inputBias"],
        "bias_hh": weights["cell.hiddenBias"],
    }
    x, memory = leaf(weights.normal(2, STEPS, INPUTS)), leaf(weights.normal(2, 4, MEMORY))
    hidden, cell_state = leaf(weights.normal(2, HIDDEN)), leaf(weights.normal(2, HIDDEN))
    lengths = torch.tensor([4, 2])

    def read(state):
        if asks == "before":
            pairs = (state @ weights["score.query.weight"])[:, None] + memory @ weights["score.key.weight"]
            scores = (torch.tanh(pairs) @ weights["score.vector"])[..., 0]
        else:
            scores = torch.einsum("bh,hm,bsm->bs", state, weights["score.weight"], memory)
        scores = scores.masked_fill(torch.arange(4) >= lengths[:, None], -torch.inf)
        return torch.einsum("bs,bsm->bm", functional.softmax(scores, 1), memory)

    def advance(given, state):
        out = torch.func.functional_call(module, parameters, (given, state[0] if cell == "gru" else tuple(state)))
        return [out] if cell == "gru" else list(out)

    state = [hidden] if cell == "gru" else [hidden, cell_state]
    fed, outputs = torch.zeros(2, HIDDEN, dtype=torch.float64), []
    for t in range(STEPS):
        if asks == "before":
            context = read(state[0])
            state = advance(torch.cat([x[:, t], context], 1), state)
            outputs.append(torch.cat([state[0], context], 1))
        else:
            state = advance(torch.cat([x[:, t], fed], 1), state)
            fed = torch.tanh(torch.cat([read(state[0]), state[0]], 1) @ weights["combination.weight"])
            outputs.append(fed)
    inputs = {"x": x, "memory": memory, "hidden": hidden, "lengths": lengths}
    if cell == "lstm":
        inputs["cell"] = cell_state
    save(name, weights, inputs, {"outputs": torch.stack(outputs, 1), "last": state[-1]})


decoder("structures/recurrent-decoder-before-gru", 41, "gru", "before")
decoder("structures/recurrent-decoder-after-lstm", 42, "lstm", "after")
