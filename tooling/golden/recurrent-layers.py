"""torch.nn.GRU and LSTM, one direction and both, whole sequences and packed ones of different lengths, in float64."""
import torch

from structure_golden import Weights, leaf, save

INPUTS, HIDDEN = 3, 4


def cell(weights, name, gates):
    weights.add(f"{name}.inputWeight", INPUTS, gates * HIDDEN)
    weights.add(f"{name}.inputBias", gates * HIDDEN)
    weights.add(f"{name}.hiddenWeight", HIDDEN, gates * HIDDEN)
    weights.add(f"{name}.hiddenBias", gates * HIDDEN)


def torch_cell(weights, name, suffix=""):
    return {
        f"weight_ih_l0{suffix}": weights[f"{name}.inputWeight"].T,
        f"weight_hh_l0{suffix}": weights[f"{name}.hiddenWeight"].T,
        f"bias_ih_l0{suffix}": weights[f"{name}.inputBias"],
        f"bias_hh_l0{suffix}": weights[f"{name}.hiddenBias"],
    }


def run(kind, parameters, x, lengths=None, state=None, bidirectional=False):
    layer = getattr(torch.nn, kind)(INPUTS, HIDDEN, batch_first=True, bidirectional=bidirectional).double()
    pack = torch.nn.utils.rnn.pack_padded_sequence
    given = x if lengths is None else pack(x, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = torch.func.functional_call(layer, parameters, (given, state))
    if lengths is not None:
        outputs = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[1])[0]
    parts = last if isinstance(last, tuple) else (last,)
    # torch gives [directions, B, H]; Heed lays the directions side by side
    return {"outputs": outputs} | {f"state{i}": part.transpose(0, 1).flatten(1) for i, part in enumerate(parts)}


for kind, gates in [("GRU", 3), ("LSTM", 4)]:
    weights = Weights(gates)
    cell(weights, "cell", gates)
    x = leaf(weights.normal(2, 5, INPUTS))
    state = [leaf(weights.normal(2, HIDDEN)) for _ in range(1 if kind == "GRU" else 2)]
    first = tuple(part[None] for part in state)
    outputs = run(kind, torch_cell(weights, "cell"), x, state=first[0] if kind == "GRU" else first)
    save(f"recurrent/{kind.lower()}", weights, {"x": x} | {f"state{i}": part for i, part in enumerate(state)}, outputs)

    weights = Weights(gates + 10)
    cell(weights, "forwards.cell", gates)
    cell(weights, "backwards.cell", gates)
    x, lengths = leaf(weights.normal(3, 5, INPUTS)), torch.tensor([5, 2, 3])
    parameters = torch_cell(weights, "forwards.cell") | torch_cell(weights, "backwards.cell", "_reverse")
    outputs = run(kind, parameters, x, lengths, bidirectional=True)
    save(f"recurrent/{kind.lower()}-bidirectional", weights, {"x": x, "lengths": lengths}, outputs)
