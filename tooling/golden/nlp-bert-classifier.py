"""Golden values for packages/nlp/src/tasks/text-classifier: a BertForSequenceClassification of Hugging Face's transformers, created tiny
with a fixed seed.

    python tooling/golden/nlp-bert-classifier.py

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0, safetensors 0.8). Writes the weights under
transformers' names, and the probabilities of three labels for two texts, beside the task's test, which tokenizes the same texts:
"the cats sat" and "a dog" with the vocabulary [PAD] [UNK] [CLS] [SEP] a cat dog sat ##s the.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification

FILE = Path(__file__).parents[2] / "packages/nlp/src/tasks/text-classifier/text-classifier.golden.safetensors"

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

tokens = torch.tensor([[2, 9, 5, 8, 7, 3], [2, 4, 6, 3, 0, 0]])
lengths = torch.tensor([6, 4])

torch.manual_seed(2019)
config = BertConfig(
    vocab_size=10,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=12,
    max_position_embeddings=8,
    type_vocab_size=2,
    initializer_range=0.5,
    num_labels=3,
)
model = BertForSequenceClassification(config).eval()
with torch.no_grad():
    for parameter in model.parameters():  # biases and norms that do something
        parameter += 0.2 * torch.randn_like(parameter)
    real = torch.arange(tokens.shape[1])[None] < lengths[:, None]
    probabilities = model(input_ids=tokens, attention_mask=real.long()).logits.softmax(-1)

tensors = {"probabilities": probabilities, **{f"weights/{name}": weight for name, weight in model.named_parameters()}}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
