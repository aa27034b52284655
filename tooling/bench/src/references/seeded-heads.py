"""Writes `classifier`, `tagger` and `answerer`: the weights in `minilm` with seeded last layers: `seeded-heads.py <folder>`."""

import shutil
import sys
from pathlib import Path

import torch
from transformers import BertForQuestionAnswering, BertForSequenceClassification, BertForTokenClassification

# The tagger's begin an entity or none: whatever is likeliest is a legal sequence, and both sides take it.
TASKS = {
    "classifier": (BertForSequenceClassification, ["negative", "positive"]),
    "tagger": (BertForTokenClassification, ["O", "B-person", "B-place", "B-title", "B-other"]),
    "answerer": (BertForQuestionAnswering, ["start", "end"]),
}

folder = Path(sys.argv[1])
for task, (kind, labels) in TASKS.items():
    model = kind.from_pretrained(folder / "minilm", id2label=dict(enumerate(labels)), label2id={name: i for i, name in enumerate(labels)})
    head = model.qa_outputs if task == "answerer" else model.classifier
    torch.manual_seed(7)
    torch.nn.init.normal_(head.weight, std=0.3)
    torch.nn.init.zeros_(head.bias)
    model.config.classifier_pooling = "cls"
    model.save_pretrained(folder / task)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(folder / "minilm" / name, folder / task / name)
