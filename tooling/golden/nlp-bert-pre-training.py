"""Golden values for packages/nlp/src/models/bert: a BertForPreTraining of Hugging Face's transformers, created tiny with a fixed seed.

    python tooling/golden/nlp-bert-pre-training.py

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0, safetensors 0.8). Writes what `save_pretrained` writes of
the weights, a batch, logits, loss and the gradient of every weight of that loss; and, of the same weights as a decoder (`is_decoder`), the hidden
states: each token then sees those before it alone.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForPreTraining, BertModel

FILE = Path(__file__).parents[2] / "packages/nlp/src/models/bert/bert-pre-training.golden.safetensors"

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

tokens = torch.tensor([[1, 7, 4, 2, 9, 5, 2], [1, 4, 2, 4, 2, 0, 0]])
token_types = torch.tensor([[0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0]])
lengths = torch.tensor([7, 5])
positions = torch.tensor([[2, 5], [3, 0]])
targets = torch.tensor([[8, 5], [10, -100]])  # the second row asks for one token alone
is_random = torch.tensor([1, 0])

torch.manual_seed(1810)
config = BertConfig(
    vocab_size=11,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=12,
    max_position_embeddings=7,
    type_vocab_size=2,
    initializer_range=0.5,
)
model = BertForPreTraining(config).eval()
with torch.no_grad():
    for parameter in model.parameters():  # biases and norms that do something
        parameter += 0.2 * torch.randn_like(parameter)

real = torch.arange(tokens.shape[1])[None] < lengths[:, None]
labels = torch.full_like(tokens, -100)
for row in range(len(tokens)):
    for position, target in zip(positions[row], targets[row]):
        if target != -100:
            labels[row, position] = target
inputs = {"input_ids": tokens, "token_type_ids": token_types, "attention_mask": real.long()}
output = model(**inputs, labels=labels, next_sentence_label=is_random)
output.loss.backward()

decoder = BertModel(BertConfig(**{**config.to_dict(), "is_decoder": True})).eval()
decoder.load_state_dict(model.bert.state_dict())
with torch.no_grad():
    causal = decoder(**inputs).last_hidden_state

with TemporaryDirectory() as folder:
    model.save_pretrained(folder)
    weights = load_file(Path(folder) / "model.safetensors")
tensors = {
    "tokens": tokens.int(),
    "tokenTypes": token_types.int(),
    "lengths": lengths.int(),
    "positions": positions.int(),
    "targets": targets.int(),
    "isRandom": is_random.int(),
    "predictions": output.prediction_logits,
    "nextSentence": output.seq_relationship_logits,
    "loss": output.loss,
    "causal": causal,
    **{f"weights/{name}": weight for name, weight in weights.items()},
    **{f"gradients/{name}": parameter.grad for name, parameter in model.named_parameters()},
}
save_file({name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
print(sorted(set(dict(model.named_parameters())) ^ set(weights)))

with torch.no_grad():
    exact = model.double()(**inputs).prediction_logits
print(f"rounding of the logits: {(exact - output.prediction_logits).abs().max():.1e}")

# the same encoder with a last matrix of its own; transformers keep the bias of the tied head beside it, unused
torch.manual_seed(1811)
untied = BertForPreTraining(BertConfig(**{**config.to_dict(), "tie_word_embeddings": False})).eval()
with torch.no_grad():
    for parameter in untied.parameters():
        parameter += 0.2 * torch.randn_like(parameter)
output = untied(**inputs, labels=labels, next_sentence_label=is_random)
output.loss.backward()
with TemporaryDirectory() as folder:
    untied.save_pretrained(folder)
    weights = load_file(Path(folder) / "model.safetensors")
tensors = {
    **{name: tensors[name] for name in ("tokens", "tokenTypes", "lengths", "positions", "targets", "isRandom")},
    "predictions": output.prediction_logits,
    "loss": output.loss,
    **{f"weights/{name}": weight for name, weight in weights.items()},
    "gradients/cls.predictions.decoder.weight": untied.cls.predictions.decoder.weight.grad,
    "gradients/cls.predictions.decoder.bias": untied.cls.predictions.decoder.bias.grad,
}
file = FILE.with_name("bert-pre-training-untied.golden.safetensors")
save_file({name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}, file)
print(f"{file.name}: {len(tensors)} tensors, {file.stat().st_size} bytes", untied.cls.predictions.bias.grad)
