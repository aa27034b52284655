"""Golden values for packages/nlp/src/models/gpt: a GPT2LMHeadModel of Hugging Face's transformers, created tiny with a fixed seed.

    python tooling/golden/nlp-gpt.py

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0, safetensors 0.8). Writes weights, tokens, logits, loss
(the second text is padded at its end) and the gradient of every weight of sum(logits * c), c = cos(1.7 * position), beside the model's
test. Names and layouts are those of transformers; the head of the first model is tied to the token table and not written again, that of the second is
its own.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

FOLDER = Path(__file__).parents[2] / "packages/nlp/src/models/gpt"

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

tokens = torch.tensor([[1, 7, 4, 9, 2], [3, 5, 2, 0, 0]])
targets = torch.tensor([[7, 4, 9, 2, 6], [5, 2, 8, -100, -100]])

torch.manual_seed(2019)
for name, tied in (("gpt", True), ("gpt-untied", False)):
    config = GPT2Config(
        vocab_size=11,
        n_positions=6,
        n_embd=8,
        n_layer=2,
        n_head=2,
        n_inner=12,
        initializer_range=0.5,
        resid_pdrop=0,
        embd_pdrop=0,
        attn_pdrop=0,
        bos_token_id=None,
        eos_token_id=None,
        tie_word_embeddings=tied,
    )
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # biases and norms that do something
            parameter += 0.2 * torch.randn_like(parameter)

    logits = model(input_ids=tokens).logits
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    (logits * torch.cos(1.7 * torch.arange(logits.numel())).reshape(logits.shape)).sum().backward()
    tensors = {
        "tokens": tokens.int(),
        "targets": targets.int(),
        "logits": logits,
        "loss": loss,
        **{f"weights/{key}": parameter for key, parameter in model.named_parameters()},
        **{f"gradients/{key}": parameter.grad for key, parameter in model.named_parameters()},
    }
    file = FOLDER / f"{name}.golden.safetensors"
    save_file({key: tensor.detach().contiguous() for key, tensor in tensors.items()}, file)
    print(f"{file.name}: {len(tensors)} tensors, {file.stat().st_size} bytes")
