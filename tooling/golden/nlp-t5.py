"""Golden values for the Transformer in T5's form: a T5ForConditionalGeneration of Hugging Face's transformers, tiny with a fixed seed.

    python tooling/golden/nlp-t5.py

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0). Writes weights, inputs, logits and the gradient of every weight
of sum(logits * c), c = cos(1.7 * position), beside the model's test; the second source ends after seven symbols. Sources and targets are long enough
for distances that share buckets. The second model is in the form of T5 1.1: gated, its output layer its own and unscaled; with fewer buckets, heads that
are together wider than the model, and another epsilon. Names and layouts are those of transformers; the one table of embeddings is written once.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import T5Config, T5ForConditionalGeneration

FOLDER = Path(__file__).parents[2] / "packages/nlp/src/models/transformer"

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

torch.manual_seed(2020)
source = torch.randint(2, 11, (2, 14))
target_inputs = torch.cat([torch.zeros(2, 1, dtype=torch.long), torch.randint(2, 11, (2, 19))], 1)
lengths = torch.tensor([14, 7])
real = torch.arange(source.shape[1])[None] < lengths[:, None]
source = source * real

MODELS = {
    "t5": {"d_kv": 4, "num_layers": 2, "num_decoder_layers": 3},
    "t5-gated": {
        "d_kv": 5,
        "num_layers": 1,
        "num_decoder_layers": 2,
        "feed_forward_proj": "gated-gelu",
        "tie_word_embeddings": False,
        "relative_attention_num_buckets": 8,
        "relative_attention_max_distance": 12,
        "layer_norm_epsilon": 1e-3,
    },
}
for name, options in MODELS.items():
    config = T5Config(
        vocab_size=11, d_model=8, d_ff=12, num_heads=2, dropout_rate=0, decoder_start_token_id=0, **options
    )
    model = T5ForConditionalGeneration(config).eval()
    if config.scale_decoder_outputs is False:  # a published T5 1.1 holds both, and transformers do not tie what a file holds
        model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():  # norms that do something, biases that differ between buckets
            parameter += (1 if "relative" in parameter_name else 0.2) * torch.randn_like(parameter)

    logits = model(input_ids=source, attention_mask=real.long(), decoder_input_ids=target_inputs).logits
    (logits * torch.cos(1.7 * torch.arange(logits.numel())).reshape(logits.shape)).sum().backward()
    tensors = {
        "source": source.int(),
        "sourceLengths": lengths.int(),
        "targetInputs": target_inputs.int(),
        "logits": logits,
        **{f"weights/{key}": parameter for key, parameter in model.named_parameters()},
        **{f"gradients/{key}": parameter.grad for key, parameter in model.named_parameters()},
    }
    file = FOLDER / f"{name}.golden.safetensors"
    save_file({key: tensor.detach().contiguous() for key, tensor in tensors.items()}, file)
    print(f"{file.name}: {len(tensors)} tensors, {file.stat().st_size} bytes, scaled {config.scale_decoder_outputs}")
