"""What Hugging Face's transformers make of the GPT-2 in a folder; asked by `src/verify-gpt.ts`.

    python tooling/golden/verify-gpt.py <folder> <tokens.json> <again> <output.safetensors>

needs torch, transformers and safetensors. Writes the logits of the tokens and saves the model to the folder `again`, and prints, as JSON,
the keys that loading missed or did not expect.
"""

import json
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

folder, tokens, again, output = sys.argv[1:]
with open(tokens, encoding="utf-8") as file:
    ids = torch.tensor(json.load(file))

torch.set_num_threads(1)  # the same sums in the same order, run after run
model, loading = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
with torch.no_grad():
    save_file({"logits": model.eval()(input_ids=ids).logits.contiguous()}, output)
model.save_pretrained(again)
keys = {"missing": "missing_keys", "unexpected": "unexpected_keys", "misshapen": "mismatched_keys"}
print(json.dumps({name: sorted(str(key) for key in loading[kind]) for name, kind in keys.items()}))
