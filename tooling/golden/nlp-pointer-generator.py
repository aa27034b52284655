"""Golden values for packages/nlp/src/models/pointer-generator: the equations of See, Liu, Manning 2017, written in torch.

    python tooling/golden/nlp-pointer-generator.py

needs torch and safetensors (made with torch 2.15.0, safetensors 0.8). Three models: additive score with copying and coverage, general
score with copying, scaled dot product with neither. Writes weights, inputs, the distribution over the extended vocabulary, the losses and
the gradient of every weight of the loss, beside the model's test. Step by step, with loops, and float64: another way than the one that is tested.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

VOCABULARY, UNKNOWN, EMBEDDING, HIDDEN, COVERAGE_WEIGHT = 6, 2, 3, 4, 0.7
FILE = Path(__file__).parents[2] / "packages/nlp/src/models/pointer-generator/pointer-generator.golden.safetensors"

# 6 and 7 are words that only the source knows; the second source ends after three words, its target after two.
source = torch.tensor([[4, 6, 3, 7, 6], [6, 5, 4, 0, 0]])
lengths = torch.tensor([5, 3])
target_inputs = torch.tensor([[0, 6, 3, 5], [0, 4, 1, 1]])
targets = torch.tensor([[6, 3, 5, 1], [4, 1, -100, -100]])


class PointerGenerator(nn.Module):
    def __init__(self, score, copying, coverage):
        super().__init__()
        self.kind, self.copying, self.covering = score, copying, coverage
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.encoder = nn.LSTM(EMBEDDING, HIDDEN // 2, bidirectional=True, batch_first=True)
        self.decoder = nn.LSTMCell(EMBEDDING, HIDDEN)
        if score == "additive":
            self.query = nn.Linear(HIDDEN, HIDDEN, bias=False)
            self.key = nn.Linear(HIDDEN, HIDDEN, bias=False)
            self.vector = nn.Linear(HIDDEN, 1, bias=False)
        if score == "general":
            self.general = nn.Parameter(torch.randn(HIDDEN, HIDDEN) * 0.5)
        if coverage:
            self.coverage = nn.Linear(1, HIDDEN, bias=False)
        self.combination = nn.Linear(2 * HIDDEN, HIDDEN)
        self.output = nn.Linear(HIDDEN, VOCABULARY)
        if copying:
            self.generation = nn.Linear(2 * HIDDEN + EMBEDDING, 1)

    def energy(self, state, value, seen):
        if self.kind == "additive":
            inner = self.query(state) + self.key(value)
            return self.vector(torch.tanh(inner + self.coverage(seen[None]) if self.covering else inner))[0]
        if self.kind == "general":
            return state @ self.general @ value
        return state @ value / HIDDEN**0.5

    def example(self, words, inputs, wanted):
        known = lambda word: torch.where(word < VOCABULARY, word, torch.tensor(UNKNOWN))
        values, (h, c) = self.encoder(self.embedding(known(words))[None])
        state = (torch.cat([h[0], h[1]], 1), torch.cat([c[0], c[1]], 1))
        seen = torch.zeros(len(words), dtype=torch.float64)
        distributions, maps, surprise, repetition = [], [], 0, 0
        for word, label in zip(inputs, wanted):
            x = self.embedding(known(word))
            state = self.decoder(x[None], state)
            s = state[0][0]
            energies = torch.stack([self.energy(s, value, seen[i]) for i, value in enumerate(values[0])])
            a = energies.softmax(0)
            context = a @ values[0]
            p_vocabulary = self.output(self.combination(torch.cat([s, context]))).softmax(0)
            final = torch.zeros(VOCABULARY + source.shape[1], dtype=torch.float64)
            p = torch.sigmoid(self.generation(torch.cat([context, s, x])))[0] if self.copying else torch.ones(())
            for w in range(VOCABULARY):
                final[w] = final[w] + p * p_vocabulary[w]
            if self.copying:
                for i, w in enumerate(words):
                    final[w] = final[w] + (1 - p) * a[i]
            if label >= 0:
                # without copying a word outside the vocabulary is wanted as an unknown one
                surprise = surprise - final[label if self.copying else known(label)].log()
                repetition = repetition + torch.minimum(a, seen).sum()
            seen = seen + a
            distributions.append(final)
            maps.append(torch.cat([a, torch.zeros(source.shape[1] - len(a), dtype=torch.float64)]))
        return torch.stack(distributions), torch.stack(maps), surprise, repetition

    def forward(self):
        examples = [self.example(w[:n], i, t) for w, n, i, t in zip(source, lengths, target_inputs, targets)]
        distributions, maps, surprises, repetitions = zip(*examples)
        words = (targets >= 0).sum()
        surprise, repetition = sum(surprises) / words, sum(repetitions) / words
        loss = surprise + COVERAGE_WEIGHT * repetition if self.covering else surprise
        final = torch.stack(distributions)
        return final if self.copying else final[..., :VOCABULARY], torch.stack(maps), loss, surprise, repetition


def named(model):
    """Heed's names and layouts: [inputs, outputs]."""
    tensors = {"embedding.weight": model.embedding.weight}
    for layer in ("combination", "output", "generation"):
        if hasattr(model, layer):
            tensors |= {f"{layer}.weight": getattr(model, layer).weight.T, f"{layer}.bias": getattr(model, layer).bias}
    if hasattr(model, "coverage"):
        tensors["coverage.weight"] = model.coverage.weight.T
    if model.kind == "additive":
        tensors |= {"score.query.weight": model.query.weight.T, "score.key.weight": model.key.weight.T}
        tensors["score.vector"] = model.vector.weight.T
    if model.kind == "general":
        tensors["score.weight"] = model.general
    for ours, theirs in (("input", "ih"), ("hidden", "hh")):
        tensors[f"decoder.cell.{ours}Weight"] = getattr(model.decoder, f"weight_{theirs}").T
        tensors[f"decoder.cell.{ours}Bias"] = getattr(model.decoder, f"bias_{theirs}")
        for direction, suffix in (("forwards", ""), ("backwards", "_reverse")):
            tensors[f"encoder.{direction}.cell.{ours}Weight"] = getattr(model.encoder, f"weight_{theirs}_l0{suffix}").T
            tensors[f"encoder.{direction}.cell.{ours}Bias"] = getattr(model.encoder, f"bias_{theirs}_l0{suffix}")
    return tensors


def golden(model):
    distribution, maps, loss, surprise, repetition = model()
    loss.backward()
    weights = {name: tensor.detach().clone() for name, tensor in named(model).items()}
    for parameter in model.parameters():  # a gradient in the place of its weight takes the same transposes
        parameter.data = parameter.grad
    gradients = {name: tensor.detach().clone() for name, tensor in named(model).items()}
    return {
        **{f"weights/{name}": tensor for name, tensor in weights.items()},
        **{f"gradients/{name}": tensor for name, tensor in gradients.items()},
        "distribution": distribution,
        "alignments": maps,
        "losses": torch.stack([loss, surprise, repetition]),
    }


torch.manual_seed(2017)
tensors = {"source": source, "lengths": lengths, "targetInputs": target_inputs, "targets": targets}
tensors = {name: tensor.int() for name, tensor in tensors.items()}
models = {
    "additive-copying-coverage": PointerGenerator("additive", True, True),
    "general-copying": PointerGenerator("general", True, False),
    "scaled-dot": PointerGenerator("scaled-dot", False, False),
}
for name, model in models.items():
    tensors |= {f"{name}/{key}": tensor.float() for key, tensor in golden(model.double()).items()}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
