"""Golden values for packages/timeseries/src/models/patchtst: transformers' PatchTSTForPrediction, tiny and seeded, with batch and with layer norms.

    python tooling/golden/timeseries-patchtst.py

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0). Computed in float64; running statistics are not those of a new model.
Writes published weights, windows [B, T, C], forecasts [B, H, C], and the gradients of Σ forecast · cos(1.7 i) by every weight.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import PatchTSTConfig, PatchTSTForPrediction

FOLDER = Path(__file__).parents[2] / "packages/timeseries/src/models/patchtst"
SIZES = dict(num_input_channels=3, context_length=21, prediction_length=5, patch_length=6, patch_stride=4, d_model=8, num_attention_heads=2, ffn_dim=12)
KINDS = {
    "batch": dict(norm_type="batchnorm", pre_norm=False, positional_encoding_type="random", pooling_type=None, num_hidden_layers=2),
    "layer": dict(norm_type="layernorm", pre_norm=True, positional_encoding_type="sincos", pooling_type="mean", num_hidden_layers=2),
}

tensors, configs = {}, {}
for kind, options in KINDS.items():
    torch.manual_seed(64)
    config = PatchTSTConfig(**SIZES, **options)
    config._attn_implementation = "eager"
    model = PatchTSTForPrediction(config).double().eval()
    for name, value in model.state_dict().items():
        if name.endswith("num_batches_tracked") or (kind == "layer" and name.endswith("position_enc")):
            continue
        noise = torch.randn(value.shape).double() * 0.3
        value.copy_(((1 + noise).abs() if name.endswith("running_var") else value + noise).float())
    past = (torch.randn(2, 21, 3) * 2 + 30).double()
    forecast = model(past_values=past).prediction_outputs
    objective = (forecast * torch.cos(1.7 * torch.arange(forecast.numel()).double()).reshape(forecast.shape)).sum()
    objective.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    state = {name: value for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    tensors |= {f"{kind}/weights/{name}": value for name, value in state.items()}
    tensors |= {f"{kind}/gradients/{name}": value for name, value in gradients.items()}
    tensors |= {f"{kind}/past": past, f"{kind}/forecast": forecast}
    configs[kind] = config.to_dict()
save_file({name: value.detach().float().contiguous() for name, value in tensors.items()}, FOLDER / "patchtst.golden.safetensors")
(FOLDER / "patchtst.golden.json").write_text(json.dumps(configs, indent=1, sort_keys=True) + "\n")
