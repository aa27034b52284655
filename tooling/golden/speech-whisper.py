"""Golden values for packages/speech/src/models/whisper: a WhisperForConditionalGeneration of Hugging Face's transformers, created tiny with a fixed seed.

    python tooling/golden/speech-whisper.py

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0, safetensors 0.8). Writes weights, features, tokens, logits, the
attention of every decoder layer to the sound, and the gradient of every weight of sum(logits * c), c = cos(1.7 * position), beside the model's test. Names
and layouts are those of transformers; the head is tied to the token table and not written again.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import WhisperConfig, WhisperForConditionalGeneration

FILE = Path(__file__).parents[2] / "packages/speech/src/models/whisper/whisper.golden.safetensors"

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

torch.manual_seed(2022)
config = WhisperConfig(
    vocab_size=19,
    num_mel_bins=6,
    d_model=8,
    encoder_layers=2,
    encoder_attention_heads=4,
    encoder_ffn_dim=12,
    decoder_layers=2,
    decoder_attention_heads=2,
    decoder_ffn_dim=12,
    max_source_positions=10,
    max_target_positions=7,
    init_std=0.5,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=1,
    decoder_start_token_id=2,
    attn_implementation="eager",
)
model = WhisperForConditionalGeneration(config).eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():  # biases and norms that do something
        if parameter.requires_grad:
            parameter += 0.2 * torch.randn_like(parameter)

features = torch.randn(2, 6, 20)
tokens = torch.tensor([[2, 7, 4, 9, 12], [2, 3, 5, 18, 1]])
output = model(input_features=features, decoder_input_ids=tokens, output_attentions=True)
(output.logits * torch.cos(1.7 * torch.arange(output.logits.numel())).reshape(output.logits.shape)).sum().backward()
weights = {name: parameter for name, parameter in model.named_parameters() if not name.startswith("proj_out")}
tensors = {
    "features": features.transpose(1, 2),
    "tokens": tokens.int(),
    "logits": output.logits,
    **{f"cross/{layer}": attention for layer, attention in enumerate(output.cross_attentions)},
    **{f"weights/{name}": parameter for name, parameter in weights.items()},
    **{f"gradients/{name}": parameter.grad for name, parameter in weights.items() if parameter.requires_grad},
}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
