"""Golden values for packages/nlp/src/models/bilstm-crf: the tagger from torch's own LSTM and Transformer layer, and torchcrf's CRF.

    python tooling/golden/nlp-bilstm-crf.py

needs torch, safetensors and pytorch-crf (made with torch 2.15.0, safetensors 0.8, pytorch-crf 0.7.2). Writes weights, inputs, emissions, the
loss of each sentence, its likeliest labels, and the gradient of the mean loss by every weight.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from structure_golden import Weights
from torch.func import functional_call
from torchcrf import CRF

WORDS, CHARACTERS, LABELS, WORD, CHARACTER, HIDDEN, HEADS = 5, 6, 4, 3, 4, 6, 2
FILE = Path(__file__).parents[2] / "packages/nlp/src/models/bilstm-crf/bilstm-crf.golden.safetensors"

words = torch.tensor([[1, 4, 2, 0], [3, 2, 0, 0]])
characters = torch.tensor([[[1, 5, 2], [3, 0, 0], [2, 2, 0], [4, 1, 3]], [[5, 0, 0], [1, 2, 4], [0, 0, 0], [0, 0, 0]]])
counts = torch.tensor([[3, 1, 2, 3], [1, 3, 0, 0]])
lengths = torch.tensor([4, 2])
labels = torch.tensor([[0, 3, 1, 1], [2, 0, 0, 0]])

weights = Weights(2016)
weights.add("wordEmbedding.weight", WORDS, WORD)
weights.add("characters.embedding.weight", CHARACTERS, CHARACTER)
weights.linear("characters.window", 3 * CHARACTER, CHARACTER)
weights.linear("characters.pooling.hidden", CHARACTER, CHARACTER)
weights.add("characters.pooling.context", 1, CHARACTER)
lstm = torch.nn.LSTM(WORD + CHARACTER, HIDDEN // 2, bidirectional=True, batch_first=True).double()
ours = {}
for direction, suffix in (("forwards", ""), ("backwards", "_reverse")):
    for part, theirs, inputs in (("input", "ih", WORD + CHARACTER), ("hidden", "hh", HIDDEN // 2)):
        name = f"encoder.{direction}.cell.{part}"
        ours[f"weight_{theirs}_l0{suffix}"] = weights.add(f"{name}Weight", inputs, 2 * HIDDEN).T
        ours[f"bias_{theirs}_l0{suffix}"] = weights.add(f"{name}Bias", 2 * HIDDEN)
layer = torch.nn.TransformerEncoderLayer(HIDDEN, HEADS, 2 * HIDDEN, dropout=0, activation="gelu", batch_first=True).double()
weights.attention("block.attention", HIDDEN, HEADS)
weights.norm("block.attentionNorm", HIDDEN)
weights.feed_forward("block.feedForward", HIDDEN, 2 * HIDDEN)
weights.norm("block.feedForwardNorm", HIDDEN)
block = {
    **weights.torch_attention("block.attention", "self_attn"),
    **weights.torch_norm("block.attentionNorm", "norm1"),
    **weights.torch_linear("block.feedForward.hidden", "linear1"),
    **weights.torch_linear("block.feedForward.output", "linear2"),
    **weights.torch_norm("block.feedForwardNorm", "norm2"),
}
weights.linear("output", HIDDEN, LABELS)
transitions = {
    "transitions": weights.add("crf.transitions", LABELS, LABELS),
    "start_transitions": weights.add("crf.starts", LABELS),
    "end_transitions": weights.add("crf.ends", LABELS),
}


def spelled():
    real = torch.arange(characters.shape[2]) < counts[..., None]
    embedded = weights["characters.embedding.weight"][characters] * real[..., None]
    window = torch.nn.functional.conv1d(
        embedded.flatten(0, 1).transpose(1, 2),
        weights["characters.window.weight"].reshape(3, CHARACTER, CHARACTER).permute(2, 1, 0),
        weights["characters.window.bias"],
        padding=1,
    )
    read = torch.relu(window).transpose(1, 2).unflatten(0, words.shape)
    judged = torch.tanh(weights.apply("characters.pooling.hidden", read)) @ weights["characters.pooling.context"][0]
    share = torch.where(real, judged, -1e30).softmax(-1) * real  # a token without characters is 0
    return (share[..., None] * read).sum(2)


tokens = torch.cat([weights["wordEmbedding.weight"][words], spelled()], -1)
packed = torch.nn.utils.rnn.pack_padded_sequence(tokens, lengths, batch_first=True)
outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(functional_call(lstm, ours, (packed,))[0], batch_first=True)
mask = torch.arange(words.shape[1]) < lengths[:, None]
attended = functional_call(layer, block, (outputs,), {"src_key_padding_mask": ~mask})
emissions = weights.apply("output", attended)
crf = CRF(LABELS, batch_first=True).double()
losses = -functional_call(crf, transitions, (emissions, labels, mask), {"reduction": "none"})
losses.mean().backward()
for name, value in transitions.items():
    getattr(crf, name).data = value.detach()
paths = crf.decode(emissions.detach(), mask)

tensors = {
    "words": words.int(),
    "characters": characters.int(),
    "characterCounts": counts.int(),
    "lengths": lengths.int(),
    "labels": labels.int(),
    "emissions": emissions * mask[..., None],  # what stands at padding is of no meaning
    "losses": losses,
    **{f"path{i}": torch.tensor(path).int() for i, path in enumerate(paths)},
    **{f"weights/{name}": tensor for name, tensor in weights.items()},
    **{f"gradients/{name}": tensor.grad for name, tensor in weights.items()},
}
narrow = lambda tensor: tensor.float() if tensor.is_floating_point() else tensor
save_file({name: narrow(tensor.detach()).contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes, losses {losses.tolist()}, paths {paths}")
