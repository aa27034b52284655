"""What Hugging Face's transformers make of the weights in a folder; asked by `src/verify-minilm.ts`.

    python tooling/golden/verify-minilm.py <folder> <sentences.json> <output.safetensors>

needs torch, transformers and safetensors. Writes tokens, lengths, last hidden states and sentence embeddings (the mean over real
tokens, divided by its length), and prints, as JSON, the keys that loading missed or did not expect.
"""

import json
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

folder, sentences, output = sys.argv[1:]
with open(sentences, encoding="utf-8") as file:
    texts = json.load(file)

torch.set_num_threads(1)  # the same sums in the same order, run after run
model, loading = AutoModel.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(folder)
encoded = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
real = encoded["attention_mask"]
with torch.no_grad():
    hidden = model.eval()(**encoded).last_hidden_state
mean = (hidden * real[..., None]).sum(1) / real.sum(1, keepdim=True)
save_file(
    {
        "tokens": encoded["input_ids"].int().contiguous(),
        "lengths": real.sum(1).int(),
        "hiddenStates": hidden.contiguous(),
        "embeddings": torch.nn.functional.normalize(mean, dim=1),
    },
    output,
)
keys = {"missing": "missing_keys", "unexpected": "unexpected_keys", "misshapen": "mismatched_keys"}
print(json.dumps({name: sorted(str(key) for key in loading[kind]) for name, kind in keys.items()}))
