"""Golden values for T5Encoder and T5Decoder: T5ForConditionalGeneration models of Hugging Face's transformers, tiny with a fixed seed.

    python tooling/golden/t5-stacks.py

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0). One is gated, with heads wider together than the model, other
buckets and a head of its own (T5 1.1's form, otherwise sized); the other has T5's first form. Writes weights, inputs, the decoder's hidden states and the
gradient of every weight of sum(hidden * c), c = cos(1.7 * position), computed in float64, beside training's rules for their names.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import T5Config, T5ForConditionalGeneration

FOLDER = Path(__file__).parents[2] / "packages/training/src/pretrained"

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False


def write(name, seed, **config):
    torch.manual_seed(seed)
    source = torch.randint(2, 7, (2, 13))
    target_inputs = torch.cat([torch.zeros(2, 1, dtype=torch.long), torch.randint(2, 7, (2, 15))], 1)
    lengths = torch.tensor([13, 8])
    real = torch.arange(source.shape[1])[None] < lengths[:, None]
    source = source * real
    model = T5ForConditionalGeneration(
        T5Config(vocab_size=7, d_model=8, d_ff=10, num_layers=2, num_decoder_layers=1, dropout_rate=0, decoder_start_token_id=0, **config)
    ).double().eval()
    with torch.no_grad():
        for key, parameter in model.named_parameters():  # norms that do something, biases that differ between buckets
            parameter += (1 if "relative" in key else 0.2) * torch.randn_like(parameter)
            parameter.copy_(parameter.float())  # float32 values, so that both sides start from the same bits
    hidden = model(input_ids=source, attention_mask=real.long(), decoder_input_ids=target_inputs, output_hidden_states=True).decoder_hidden_states[-1]
    (hidden * torch.cos(1.7 * torch.arange(hidden.numel())).reshape(hidden.shape)).sum().backward()
    parameters = {key: parameter for key, parameter in model.named_parameters() if parameter.grad is not None}  # not a head's
    tensors = {
        "source": source.int(),
        "sourceLengths": lengths.int(),
        "targetInputs": target_inputs.int(),
        "hidden": hidden,
        **{f"weights/{key}": parameter for key, parameter in parameters.items()},
        **{f"gradients/{key}": parameter.grad for key, parameter in parameters.items()},
    }
    file = FOLDER / f"{name}.golden.safetensors"
    save_file({key: (tensor.float() if tensor.is_floating_point() else tensor).detach().contiguous() for key, tensor in tensors.items()}, file)
    print(f"{file.name}: {len(tensors)} tensors, {file.stat().st_size} bytes")


gated = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
write("t5-gated-wide", 2021, d_kv=6, num_heads=3, relative_attention_num_buckets=12, relative_attention_max_distance=9, layer_norm_epsilon=1e-5, **gated)
write("t5-plain", 2022, d_kv=4, num_heads=2, feed_forward_proj="relu")
