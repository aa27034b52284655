"""What Hugging Face's transformers make of the model in a folder; asked by `src/verify-exchange.ts`.

    python tooling/golden/verify-exchange.py <folder> <inputs.json> <again> <output.safetensors>

needs torch, transformers and safetensors. Writes the logits that the inputs give and saves the model to the folder `again`, and prints, as JSON,
the keys that loading missed or did not expect.
"""

import json
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

folder, inputs, again, output = sys.argv[1:]
with open(inputs, encoding="utf-8") as file:
    given = {name: torch.tensor(values) for name, values in json.load(file).items()}

torch.set_num_threads(1)  # the same sums in the same order, run after run
pairs = AutoConfig.from_pretrained(folder).is_encoder_decoder
kind = AutoModelForSeq2SeqLM if pairs else AutoModelForCausalLM
model, loading = kind.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
with torch.no_grad():
    save_file({"logits": model.eval()(**given).logits.contiguous()}, output)
model.save_pretrained(again)
keys = {"missing": "missing_keys", "unexpected": "unexpected_keys", "misshapen": "mismatched_keys"}
print(json.dumps({name: sorted(str(key) for key in loading[kind]) for name, kind in keys.items()}))
