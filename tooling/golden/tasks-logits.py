"""Golden values for packages/tasks/src/decoding/logits-filters.ts: what the logits processors of Hugging Face's transformers make of logits.

    python tooling/golden/tasks-logits.py

needs torch and transformers (made with torch 2.15.0, transformers 5.23.0). Processors and their order are those that `generate` puts together
for the options. null is a token that may not come.
"""

import json
import math
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel, GenerationConfig
from transformers.generation.logits_process import LogitsProcessorList

FILE = Path(__file__).parents[2] / "packages/tasks/src/decoding/logits-filters.golden.json"

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

OPTIONS = [
    {"temperature": 0.5},
    {"temperature": 1.7},
    {"topK": 1},
    {"topK": 5},
    {"topK": 40},
    {"topP": 0.1},
    {"topP": 0.6},
    {"topP": 0.9},
    {"topP": 0.999},
    {"minP": 0.05},
    {"minP": 0.3},
    {"minP": 1.0},
    {"repetitionPenalty": 1.3},
    {"repetitionPenalty": 0.7},
    {"temperature": 0.8, "topK": 10, "topP": 0.9},
    {"temperature": 1.5, "topK": 20, "topP": 0.95, "minP": 0.1, "repetitionPenalty": 1.2},
]
NAMES = {
    "temperature": "temperature",
    "topK": "top_k",
    "topP": "top_p",
    "minP": "min_p",
    "repetitionPenalty": "repetition_penalty",
}

torch.manual_seed(2019)
logits = torch.cat([3 * torch.randn(3, 24), 0.2 * torch.randn(1, 24)])
before = [[1, 1, 5, 7, 23], [0, 2, 9, 9, 14], [3, 4, 5, 6, 7], [22, 21, 20, 19, 18]]
model = GPT2LMHeadModel(GPT2Config(vocab_size=24, n_positions=8, n_embd=4, n_layer=1, n_head=1))


def processed(options):
    asked = {"top_k": 0, **{NAMES[name]: value for name, value in options.items()}}  # top_k is 50 unless told otherwise
    config = GenerationConfig(do_sample=True, max_new_tokens=1, bos_token_id=None, eos_token_id=None, **asked)
    config, _ = model._prepare_generation_config(config)
    processors = model._get_logits_processor(config, 5, torch.tensor(before), None, LogitsProcessorList(), device="cpu")
    rows = processors(torch.tensor(before), logits.clone()).tolist()
    return [[None if math.isinf(value) else value for value in row] for row in rows]


golden = {
    "logits": logits.tolist(),
    "before": before,
    "cases": [{"options": options, "processed": processed(options)} for options in OPTIONS],
}
FILE.write_text(json.dumps(golden) + "\n", encoding="utf-8")
print(f"{FILE.name}: {len(OPTIONS)} cases, {FILE.stat().st_size} bytes")
