"""Writes `minilm/onnx/model.onnx`, what PyTorch exports from the weights in `minilm`, with dynamic axes: `export-onnx.py <folder>`."""

import sys
from importlib.util import find_spec
from pathlib import Path

import torch
from transformers import BertModel

if find_spec("onnx") is None:
    # The exporter asks for it only to add functions of onnxscript, of which there are none.
    from torch.onnx._internal.torchscript_exporter import onnx_proto_utils

    onnx_proto_utils._add_onnxscript_fn = lambda model, opsets: model

NAMES = ["input_ids", "attention_mask", "token_type_ids"]


class HiddenStates(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, *inputs):
        return self.model(**dict(zip(NAMES, inputs))).last_hidden_state


folder = Path(sys.argv[1], "minilm")
(folder / "onnx").mkdir()
# onnxruntime computes attention faster as it is written out than as the exporter renders the fused one
model = HiddenStates(BertModel.from_pretrained(folder, attn_implementation="eager").eval())
tokens = torch.randint(0, model.model.config.vocab_size, (2, 9))
real = torch.ones_like(tokens)
real[1, 5:] = 0
axes = {0: "batch", 1: "length"}
torch.onnx.export(
    model,
    (tokens, real, torch.zeros_like(tokens)),
    str(folder / "onnx" / "model.onnx"),
    input_names=NAMES,
    output_names=["last_hidden_state"],
    dynamic_axes={name: axes for name in [*NAMES, "last_hidden_state"]},
    dynamo=False,
)
