"""Golden values for packages/nlp/src/models/recurrent-seq2seq: two decoders written with torch's own GRU and LSTM.

    python tooling/golden/nlp-recurrent-seq2seq.py

needs torch and safetensors (made with torch 2.15.0, safetensors 0.8). Writes weights, inputs, logits, alignments and the gradient of
every weight of sum(logits * c), c = cos(1.7 * position), beside the model's test.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

SOURCES, TARGETS, EMBEDDING, HIDDEN = 5, 6, 3, 4
FILE = Path(__file__).parents[2] / "packages/nlp/src/models/recurrent-seq2seq/recurrent-seq2seq.golden.safetensors"

source = torch.tensor([[1, 4, 2, 3], [3, 1, 0, 0]])
lengths = torch.tensor([4, 2])
target_inputs = torch.tensor([[0, 5, 2], [0, 3, 4]])


class Reference(nn.Module):
    """A bidirectional encoder and a decoder that is fed `HIDDEN` numbers beside the embedding at every step."""

    def __init__(self, cell):
        super().__init__()
        self.source_embedding = nn.Embedding(SOURCES, EMBEDDING)
        self.target_embedding = nn.Embedding(TARGETS, EMBEDDING)
        encoder = nn.GRU if cell == "gru" else nn.LSTM
        self.encoder = encoder(EMBEDDING, HIDDEN // 2, bidirectional=True, batch_first=True)
        self.cell = (nn.GRUCell if cell == "gru" else nn.LSTMCell)(EMBEDDING + HIDDEN, HIDDEN)
        self.output = nn.Linear(HIDDEN, TARGETS)

    def encode(self):
        packed = nn.utils.rnn.pack_padded_sequence(self.source_embedding(source), lengths, batch_first=True)
        outputs, state = self.encoder(packed)
        values, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
        both = lambda part: torch.cat([part[0], part[1]], 1)
        return values, both(state) if isinstance(state, torch.Tensor) else tuple(both(part) for part in state)

    def attend(self, scores, values):
        real = torch.arange(values.shape[1])[None] < lengths[:, None]
        weights = scores.masked_fill(~real, -1e30).softmax(1)
        return weights, torch.einsum("bs,bsh->bh", weights, values)


class GruBahdanau(Reference):
    def __init__(self):
        super().__init__("gru")
        self.query = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.key = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.vector = nn.Linear(HIDDEN, 1, bias=False)
        self.deep_output = nn.Linear(2 * HIDDEN + EMBEDDING, HIDDEN)

    def forward(self):
        values, state = self.encode()
        embeddings = self.target_embedding(target_inputs)
        logits, maps = [], []
        for embedding in embeddings.unbind(1):
            scores = self.vector(torch.tanh(self.query(state)[:, None] + self.key(values)))[..., 0]
            weights, context = self.attend(scores, values)
            state = self.cell(torch.cat([embedding, context], 1), state)
            logits.append(self.output(torch.tanh(self.deep_output(torch.cat([state, context, embedding], 1)))))
            maps.append(weights)
        return torch.stack(logits, 1), torch.stack(maps, 1)

    def names(self):
        return {
            "decoder.alignment.score.query.weight": self.query.weight.T,
            "decoder.alignment.score.key.weight": self.key.weight.T,
            "decoder.alignment.score.vector": self.vector.weight.T,
            "decoder.deepOutput.weight": self.deep_output.weight.T,
            "decoder.deepOutput.bias": self.deep_output.bias,
        }

    fed = "context"


class LstmLuongGeneral(Reference):
    def __init__(self):
        super().__init__("lstm")
        self.general = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.combination = nn.Linear(2 * HIDDEN, HIDDEN, bias=False)

    def forward(self):
        values, state = self.encode()
        fed = torch.zeros(len(source), HIDDEN)
        logits, maps = [], []
        for embedding in self.target_embedding(target_inputs).unbind(1):
            state = self.cell(torch.cat([embedding, fed], 1), state)
            weights, context = self.attend(torch.einsum("bh,bsh->bs", state[0], self.general(values)), values)
            fed = torch.tanh(self.combination(torch.cat([context, state[0]], 1)))
            logits.append(self.output(fed))
            maps.append(weights)
        return torch.stack(logits, 1), torch.stack(maps, 1)

    def names(self):
        return {
            "decoder.alignment.score.weight": self.general.weight,  # q' W k: torch's [out, in] is W
            "decoder.combination.weight": self.combination.weight.T,
        }

    fed = "feeding"


def named(model):
    """Heed's names and layouts: [inputs, outputs], and the cell's two inputs apart."""
    tensors = {
        "sourceEmbedding.weight": model.source_embedding.weight,
        "targetEmbedding.weight": model.target_embedding.weight,
        "output.weight": model.output.weight.T,
        "output.bias": model.output.bias,
        "decoder.cell.inputWeight": model.cell.weight_ih[:, :EMBEDDING].T,
        "decoder.cell.inputBias": model.cell.bias_ih,
        "decoder.cell.hiddenWeight": model.cell.weight_hh.T,
        "decoder.cell.hiddenBias": model.cell.bias_hh,
        f"decoder.{model.fed}.weight": model.cell.weight_ih[:, EMBEDDING:].T,
    }
    for direction, suffix in (("forwards", ""), ("backwards", "_reverse")):
        for ours, theirs in (("input", "ih"), ("hidden", "hh")):
            tensors[f"encoder.{direction}.cell.{ours}Weight"] = getattr(model.encoder, f"weight_{theirs}_l0{suffix}").T
            tensors[f"encoder.{direction}.cell.{ours}Bias"] = getattr(model.encoder, f"bias_{theirs}_l0{suffix}")
    return tensors | model.names()


def golden(model):
    logits, alignments = model()
    uneven = torch.cos(1.7 * torch.arange(logits.numel())).reshape(logits.shape)
    (logits * uneven).sum().backward()
    weights = named(model)
    for parameter in model.parameters():  # a gradient in the place of its weight takes the same slices and transposes
        parameter.data, parameter.grad = parameter.grad, parameter.data
    gradients = {name: tensor.detach().clone() for name, tensor in named(model).items()}
    for parameter in model.parameters():
        parameter.data, parameter.grad = parameter.grad, parameter.data
    return {
        **{f"weights/{name}": tensor for name, tensor in weights.items()},
        **{f"gradients/{name}": tensor for name, tensor in gradients.items()},
        "logits": logits,
        "alignments": alignments,
    }


torch.manual_seed(2015)
tensors = {"source": source.int(), "lengths": lengths.int(), "targetInputs": target_inputs.int()}
for name, model in (("gru-bahdanau", GruBahdanau()), ("lstm-luong-general", LstmLuongGeneral())):
    tensors |= {f"{name}/{key}": tensor for key, tensor in golden(model).items()}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
