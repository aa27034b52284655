"""Golden values for packages/nlp/src/models/bert: a BertModel of Hugging Face's transformers, created tiny with a fixed seed.

    python tooling/golden/nlp-bert.py

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0, safetensors 0.8). Writes weights, inputs, hidden
states, pooled states and the gradient of every weight of sum(hidden * c) + sum(pooled * c), c = cos(1.7 * position), over the hidden
states of real tokens, beside the model's test. Names and layouts are those of transformers.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

FILE = Path(__file__).parents[2] / "packages/nlp/src/models/bert/bert.golden.safetensors"

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

tokens = torch.tensor([[1, 7, 4, 9, 2], [1, 5, 2, 0, 0]])
token_types = torch.tensor([[0, 0, 1, 1, 1], [0, 1, 1, 0, 0]])
lengths = torch.tensor([5, 3])

torch.manual_seed(2019)
config = BertConfig(
    vocab_size=11,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=12,
    max_position_embeddings=6,
    type_vocab_size=2,
    initializer_range=0.5,
)
model = BertModel(config).eval()
with torch.no_grad():
    for parameter in model.parameters():  # biases and norms that do something
        parameter += 0.2 * torch.randn_like(parameter)

real = torch.arange(tokens.shape[1])[None] < lengths[:, None]
output = model(input_ids=tokens, token_type_ids=token_types, attention_mask=real.long())
hidden, pooled = output.last_hidden_state, output.pooler_output


def uneven(tensor):
    return torch.cos(1.7 * torch.arange(tensor.numel())).reshape(tensor.shape)


((hidden * uneven(hidden) * real[..., None]).sum() + (pooled * uneven(pooled)).sum()).backward()
tensors = {
    "tokens": tokens.int(),
    "tokenTypes": token_types.int(),
    "lengths": lengths.int(),
    "hiddenStates": hidden,
    "pooled": pooled,
    **{f"weights/{name}": parameter for name, parameter in model.named_parameters()},
    **{f"gradients/{name}": parameter.grad for name, parameter in model.named_parameters()},
}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
