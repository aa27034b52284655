"""Rotary frequencies and turned vectors, T5 buckets, ALiBi slopes, Whisper's sinusoids and Swin's window bias as transformers and
torch have them; Shaw, Music Transformer and Transformer-XL scores from naive loops over pairs, in float64."""
import json
import math
import pathlib

import torch
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.gptj.modeling_gptj import apply_rotary_pos_emb as turn_interleaved
from transformers.models.llama.modeling_llama import rotate_half
from transformers.models.swin.modeling_swin import SwinRelativePositionBias
from transformers.models.t5.modeling_t5 import T5Attention
from transformers.models.whisper.modeling_whisper import sinusoids

OUT = pathlib.Path(__file__).parents[2] / "packages/attention-core/src/positions/positions.golden.json"
generator = torch.Generator().manual_seed(11)
normal = lambda *shape: torch.randn(shape, generator=generator).double()
numbers = lambda tensor: [float(f"{x:.9g}") for x in tensor.detach().flatten().tolist()]
result = {}


def frequencies(kind, length=None, **parameters):
    config = LlamaConfig(
        head_dim=16,
        max_position_embeddings=parameters.pop("max_positions", 256),
        rope_parameters={"rope_type": kind, "rope_theta": 10000.0, **parameters},
    )
    values, factor = ROPE_INIT_FUNCTIONS[kind](config, seq_len=length)
    return {"frequencies": numbers(values), "attentionFactor": factor}


result["rotaryFrequencies"] = {
    "linear": frequencies("linear", factor=4.0),
    "dynamicLong": frequencies("dynamic", length=1000, factor=2.0),
    "dynamicShort": frequencies("dynamic", length=100, factor=2.0),
    "yarn": frequencies("yarn", factor=8.0, original_max_position_embeddings=256, max_positions=2048),
    "llama3": frequencies(
        "llama3",
        factor=8.0,
        low_freq_factor=1.0,
        high_freq_factor=4.0,
        original_max_position_embeddings=256,
        max_positions=2048,
    ),
}

x = normal(1, 2, 3, 8)  # [B, H, L, D]
angles = torch.tensor([0.0, 7.0, 30.0]).double()[:, None] * 10000 ** (-torch.arange(0, 8, 2) / 8).double()  # [L, D/2]
doubled = torch.cat([angles, angles], -1)
result["rotary"] = {
    "x": numbers(x),
    "halves": numbers(x * doubled.cos() + rotate_half(x) * doubled.sin()),
    "interleaved": numbers(
        turn_interleaved(x.transpose(1, 2), angles.sin()[None], angles.cos()[None]).transpose(1, 2)
    ),
}

distances = torch.arange(-300, 301)
result["t5Buckets"] = [
    {
        "buckets": buckets,
        "maxDistance": most,
        "direction": "both" if both else "past",
        "from": -300,
        "bucketOf": T5Attention._relative_position_bucket(distances, both, buckets, most).tolist(),
    }
    for buckets, most, both in [(32, 128, True), (32, 128, False), (20, 64, True), (64, 256, False)]
]

ones = torch.ones(1, 2, dtype=torch.long)
result["alibiSlopes"] = {
    heads: numbers(build_alibi_tensor(ones, heads, torch.float32)[:, 0, 1]) for heads in (1, 2, 5, 8, 12, 16)
}
result["whisperSinusoids"] = numbers(sinusoids(7, 8))

swin = SwinRelativePositionBias(2, (2, 3))
table = normal(*swin.relative_position_bias_table.shape)
swin.relative_position_bias_table.data = table
result["swin"] = {"table": numbers(table), "bias": numbers(swin())}

# Relative scores, one pair at a time.
B, H, L, S, D, far = 2, 2, 3, 5, 4, 2
q, k, v, w = normal(B, H, L, D), normal(B, H, S, D), normal(B, H, S, D), torch.softmax(normal(B, H, L, S), -1)
shaw, music, shaw_values = normal(2 * far + 1, D), normal(H, far + 1, D), normal(2 * far + 1, D)
offset = S - L
scores = {name: torch.zeros(B, H, L, S).double() for name in ("shaw", "music", "transformerXl")}
summed = torch.zeros(B, H, L, D).double()
u_xl, v_xl, r_xl = normal(H, 1, D), normal(H, 1, D), normal(H * D, H * D)
exponents = torch.arange(0, H * D, 2).double() / (H * D)
for i in range(L):
    for j in range(S):
        distance = j - (i + offset)
        clipped = max(-far, min(far, distance)) + far
        scores["shaw"][:, :, i, j] = ((k[:, :, j] + shaw[clipped]) * q[:, :, i]).sum(-1) / math.sqrt(D)
        past = music[:, max(-far, distance) + far] if distance <= 0 else torch.zeros(H, D)
        scores["music"][:, :, i, j] = ((k[:, :, j] + past) * q[:, :, i]).sum(-1) / math.sqrt(D)
        summed[:, :, i] += w[:, :, i, j, None] * (v[:, :, j] + shaw_values[clipped])
        angle = -distance * 10000**-exponents
        r = (torch.cat([angle.sin(), angle.cos()]) @ r_xl).view(H, D)
        scores["transformerXl"][:, :, i, j] = (
            ((q[:, :, i] + u_xl[:, 0]) * k[:, :, j]).sum(-1) + ((q[:, :, i] + v_xl[:, 0]) * r).sum(-1)
        ) / math.sqrt(D)
result["relative"] = {
    **{name: numbers(tensor) for name, tensor in dict(query=q, key=k, value=v, weights=w).items()},
    "shawTable": numbers(shaw),
    "musicTable": numbers(music),
    "valueTable": numbers(shaw_values),
    "contentBias": numbers(u_xl),
    "positionBias": numbers(v_xl),
    "position": numbers(r_xl),
    "scores": {name: numbers(tensor) for name, tensor in scores.items()},
    "values": numbers(summed),
}
OUT.write_text(json.dumps(result) + "\n")
