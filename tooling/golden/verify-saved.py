"""What Hugging Face's transformers find in a folder that a task saved; asked by `src/verify-saved.ts`.

    python tooling/golden/verify-saved.py <folder> <texts.json>

needs torch, transformers and safetensors. Prints, as JSON: what loading the class of `architectures` missed or did not expect, the types of the
weights in the file, in the config and in the model, the tokens of the texts, what these tokens are decoded to, and where a text begins and ends.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors import safe_open
from transformers import AutoConfig, AutoTokenizer, GenerationConfig

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

folder, texts = sys.argv[1:]
texts = json.loads(Path(texts).read_text(encoding="utf-8"))
config = AutoConfig.from_pretrained(folder)
model, loading = getattr(transformers, config.architectures[0]).from_pretrained(folder, output_loading_info=True)
tokenizer = AutoTokenizer.from_pretrained(folder)
with safe_open(Path(folder) / "model.safetensors", "pt") as file:
    stored = sorted({file.get_slice(name).get_dtype() for name in file.keys()})
ids = [tokenizer(text)["input_ids"] for text in texts]
keys = {"missing": "missing_keys", "unexpected": "unexpected_keys", "misshapen": "mismatched_keys"}
generation = GenerationConfig.from_pretrained(folder) if (Path(folder) / "generation_config.json").exists() else None
print(
    json.dumps(
        {
            "keys": [f"{kind}: {key}" for kind, name in keys.items() for key in sorted(map(str, loading[name]))],
            "dtypes": {
                "file": stored,
                "config": None if config.dtype is None else str(config.dtype),
                "model": str(next(model.parameters()).dtype),
            },
            "ids": ids,
            "decoded": [tokenizer.decode(row, skip_special_tokens=True) for row in ids],
            "ends": None
            if generation is None
            else {
                name: [getattr(config, f"{name}_token_id"), getattr(generation, f"{name}_token_id"), getattr(tokenizer, f"{name}_token_id")]
                for name in ("bos", "eos")
            },
        }
    )
)
