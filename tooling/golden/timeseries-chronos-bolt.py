"""Golden values for packages/timeseries/src/models/chronos-bolt: ChronosBoltModelForForecasting of chronos-forecasting, tiny and seeded.

    python tooling/golden/timeseries-chronos-bolt.py

needs torch, transformers, safetensors, einops, pandas and chronos-forecasting (made with torch 2.15.0, transformers 5.23.0, chronos-forecasting 2.3.2). Computed in
float64 but for the model's own normalisation, which is float32. The series have gaps, a beginning later than others, and a patch without any value. Writes
published weights, contexts [B, T] (NaN where missing), quantiles [B, Q, H], the pipeline's own over a longer horizon, and the gradients of Σ quantile · cos(1.7 i) by every weight.
"""

import json
import sys
import types
from pathlib import Path

sys.modules.setdefault("boto3", types.ModuleType("boto3"))  # only for downloads
import torch
from safetensors.torch import save_file
from transformers import T5Config

from chronos.chronos_bolt import ChronosBoltModelForForecasting, ChronosBoltPipeline

FOLDER = Path(__file__).parents[2] / "packages/timeseries/src/models/chronos-bolt"
FORMS = {
    "plain": (dict(feed_forward_proj="relu", d_kv=4, num_heads=2), True),
    "gated": (dict(feed_forward_proj="gated-gelu", d_kv=6, num_heads=3, relative_attention_num_buckets=8, relative_attention_max_distance=6), False),
}
if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

tensors, configs = {}, {}
for form, (options, register) in FORMS.items():
    torch.manual_seed(2024)
    chronos = dict(context_length=24, prediction_length=5, input_patch_size=4, input_patch_stride=4, quantiles=[0.1, 0.5, 0.9], use_reg_token=register)
    config = T5Config(d_model=8, d_ff=10, num_layers=2, num_decoder_layers=1, dropout_rate=0.0, decoder_start_token_id=0, pad_token_id=0, **options)
    config.chronos_config = chronos
    config._attn_implementation = "eager"
    model = ChronosBoltModelForForecasting(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
            parameter.copy_(parameter.float())
    context = (torch.randn(3, 30) * 3 + 10).float()
    context[0, 11] = context[1, :17] = context[2, 14:19] = context[2, 25] = float("nan")
    quantiles = model(context=context.double()).quantile_preds.double()
    (quantiles * torch.cos(1.7 * torch.arange(quantiles.numel()).double()).reshape(quantiles.shape)).sum().backward()
    parameters = dict(model.named_parameters())
    tensors |= {f"{form}/weights/{name}": value for name, value in parameters.items()}
    tensors |= {f"{form}/gradients/{name}": value.grad for name, value in parameters.items() if value.grad is not None}
    long = ChronosBoltPipeline(model).predict(context, prediction_length=12)
    tensors |= {f"{form}/context": context, f"{form}/quantiles": quantiles, f"{form}/long": long}
    configs[form] = {key: value for key, value in config.to_dict().items() if value is not None}
save_file({name: value.detach().float().contiguous() for name, value in tensors.items()}, FOLDER / "chronos-bolt.golden.safetensors")
(FOLDER / "chronos-bolt.golden.json").write_text(json.dumps(configs, indent=1, sort_keys=True) + "\n")
