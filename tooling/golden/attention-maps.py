"""Writes attention-core's src/maps/maps-file.golden.safetensors: the attention of a tiny seeded BERT as a maps file, written as the explorer's page
says, and maps-file.golden.json: the same numbers as transformers gives them."""

import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

torch.manual_seed(7)
model = BertModel(
    BertConfig(
        vocab_size=20,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=16,
        attn_implementation="eager",
    )
).eval()
labels = ["[CLS]", "长", "江", "is", "a", "river", "[SEP]"]
with torch.no_grad():
    layers = model(torch.tensor([[1, 5, 6, 7, 8, 9, 2]]), output_attentions=True).attentions

folder = pathlib.Path(__file__).parents[2] / "packages/attention-core/src/maps"
maps = [{"name": f"layer {i}", "rows": labels, "columns": labels} for i in range(len(layers))]
save_file(
    {f"maps.{i}": layer[0].contiguous() for i, layer in enumerate(layers)},
    folder / "maps-file.golden.safetensors",
    {"format": "heed-attention-maps", "version": "1", "maps": json.dumps(maps)},
)
golden = {"labels": labels, "layers": [layer[0].tolist() for layer in layers]}
(folder / "maps-file.golden.json").write_text(json.dumps(golden) + "\n")
