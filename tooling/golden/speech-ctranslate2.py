"""Golden files for packages/speech/src/models/whisper: the tiny Whisper of whisper.golden.safetensors as CTranslate2 stores it.

    python tooling/golden/speech-ctranslate2.py

needs ctranslate2, numpy and safetensors (made with ctranslate2 4.8). The specification is CTranslate2's own, filled as its converter from transformers fills
it; keys get biases of zeros there. Writes model.bin in float32, float16 and int8.
"""

import tempfile
from pathlib import Path

import numpy as np
from ctranslate2.specs import whisper_spec
from safetensors.numpy import load_file

FOLDER = Path(__file__).parents[2] / "packages/speech/src/models/whisper"
WEIGHTS = {name[8:]: tensor for name, tensor in load_file(FOLDER / "whisper.golden.safetensors").items() if name.startswith("weights/")}
WIDTH = 8


def linear(spec, *names):
    spec.weight = np.concatenate([WEIGHTS[f"{name}.weight"] for name in names])
    spec.bias = np.concatenate([WEIGHTS.get(f"{name}.bias", np.zeros(WIDTH, np.float32)) for name in names])


def norm(spec, name):
    spec.gamma, spec.beta = WEIGHTS[f"{name}.weight"], WEIGHTS[f"{name}.bias"]


def layer(spec, name, cross):
    own = f"{name}.self_attn"
    linear(spec.self_attention.linear[0], f"{own}.q_proj", f"{own}.k_proj", f"{own}.v_proj")
    linear(spec.self_attention.linear[1], f"{own}.out_proj")
    norm(spec.self_attention.layer_norm, f"{name}.self_attn_layer_norm")
    if cross:
        other = f"{name}.encoder_attn"
        linear(spec.attention.linear[0], f"{other}.q_proj")
        linear(spec.attention.linear[1], f"{other}.k_proj", f"{other}.v_proj")
        linear(spec.attention.linear[2], f"{other}.out_proj")
        norm(spec.attention.layer_norm, f"{name}.encoder_attn_layer_norm")
    linear(spec.ffn.linear_0, f"{name}.fc1")
    linear(spec.ffn.linear_1, f"{name}.fc2")
    norm(spec.ffn.layer_norm, f"{name}.final_layer_norm")


def make(quantization):
    spec = whisper_spec.WhisperSpec(2, 4, 2, 2)
    for convolution in ("conv1", "conv2"):
        linear(getattr(spec.encoder, convolution), f"model.encoder.{convolution}")
    for stack, part in (("encoder", spec.encoder), ("decoder", spec.decoder)):
        part.position_encodings.encodings = WEIGHTS[f"model.{stack}.embed_positions.weight"]
        norm(part.layer_norm, f"model.{stack}.layer_norm")
        for i, one in enumerate(part.layer):
            layer(one, f"model.{stack}.layers.{i}", stack == "decoder")
    spec.decoder.embeddings.weight = WEIGHTS["model.decoder.embed_tokens.weight"]
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.register_vocabulary([str(i) for i in range(19)])
    spec.validate()
    spec.optimize(quantization=quantization)
    with tempfile.TemporaryDirectory() as folder:
        spec.save(folder)
        return Path(folder, "model.bin").read_bytes()


for precision in ("float32", "float16", "int8"):
    (FOLDER / f"whisper.{precision}.golden.bin").write_bytes(make(None if precision == "float32" else precision))
