"""Golden values for packages/nlp/src/models/han: hierarchical networks from torch's own GRU, with attention and with means.

    python tooling/golden/nlp-han.py

needs torch and safetensors (made with torch 2.15.0, safetensors 0.8). Writes weights, inputs, documents and the gradient of every weight
of sum(document * c), c = cos(1.7 * position). Every sentence and document is computed alone, without padding.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from structure_golden import Weights
from torch.func import functional_call

WORDS, WORD, HIDDEN = 8, 3, 6
FILE = Path(__file__).parents[2] / "packages/nlp/src/models/han/han.golden.safetensors"
DOCUMENTS = [[[1, 5, 2, 3], [4, 1], [6]], [[7, 2, 2], [3, 1, 5, 6]]]


def bidirectional(weights, name, inputs):
    gru = torch.nn.GRU(inputs, HIDDEN // 2, bidirectional=True).double()
    ours = {}
    for direction, suffix in (("forwards", ""), ("backwards", "_reverse")):
        for part, theirs, width in (("input", "ih", inputs), ("hidden", "hh", HIDDEN // 2)):
            cell = f"{name}.{direction}.cell.{part}"
            ours[f"weight_{theirs}_l0{suffix}"] = weights.add(f"{cell}Weight", width, 3 * HIDDEN // 2).T
            ours[f"bias_{theirs}_l0{suffix}"] = weights.add(f"{cell}Bias", 3 * HIDDEN // 2)
    return lambda x: functional_call(gru, ours, (x,))[0]


def golden(pooling):
    weights = Weights(2016)
    weights.add("embedding.weight", WORDS, WORD)
    encode_words = bidirectional(weights, "wordEncoder", WORD)
    encode_sentences = bidirectional(weights, "sentenceEncoder", HIDDEN)
    if pooling == "attention":
        for level in ("words", "sentences"):
            weights.linear(f"attention.{level}.hidden", HIDDEN, HIDDEN)
            weights.add(f"attention.{level}.context", 1, HIDDEN)

    def pool(level, x):
        if pooling == "mean":
            return x.mean(0)
        judged = torch.tanh(weights.apply(f"attention.{level}.hidden", x)) @ weights[f"attention.{level}.context"][0]
        return judged.softmax(0) @ x

    def read(document):
        sentences = [pool("words", encode_words(weights["embedding.weight"][torch.tensor(words)])) for words in document]
        return pool("sentences", encode_sentences(torch.stack(sentences)))

    document = torch.stack([read(document) for document in DOCUMENTS])
    (document * torch.cos(1.7 * torch.arange(document.numel())).reshape(document.shape)).sum().backward()
    return {
        "document": document,
        **{f"weights/{name}": tensor for name, tensor in weights.items()},
        **{f"gradients/{name}": tensor.grad for name, tensor in weights.items()},
    }


padded = [[words + [0] * (4 - len(words)) for words in document + [[]] * (3 - len(document))] for document in DOCUMENTS]
lengths = [[len(words) for words in document + [[]] * (3 - len(document))] for document in DOCUMENTS]
tensors = {"words": torch.tensor(padded).int(), "sentenceLengths": torch.tensor(lengths).int()}
for pooling in ("attention", "mean"):
    tensors |= {f"{pooling}/{name}": tensor.float() for name, tensor in golden(pooling).items()}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
