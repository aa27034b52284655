"""Golden values for packages/nlp/src/tasks/token-tagger: a BertForTokenClassification of Hugging Face's transformers, created tiny with a
fixed seed.

    python tooling/golden/nlp-bert-tagger.py

needs torch, transformers, tokenizers and safetensors (made with torch 2.15.0, transformers 5.23.0, tokenizers 0.23.3, safetensors 0.8). Writes the
weights under transformers' names, and, for two sentences of tokens, where Python's tokenizer puts each token's first piece, the logits there, and
the likeliest labels of all that obey BIO, found by trying all.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForTokenClassification

FILE = Path(__file__).parents[2] / "packages/nlp/src/tasks/token-tagger/token-tagger.golden.safetensors"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "cat", "dog", "sat", "##s", "the"]
LABELS = ["B-pet", "I-pet", "O"]
SENTENCES = [["the", "cats", "sat"], ["A", "dogs", "Bird"]]

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

tokenizer = Tokenizer(models.WordPiece(vocab={word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
)
tokenizer.enable_padding()
encoded = tokenizer.encode_batch(SENTENCES, is_pretokenized=True)
places = [[each.word_ids.index(word) for word in range(len(tokens))] for each, tokens in zip(encoded, SENTENCES)]

torch.manual_seed(1)
config = BertConfig(
    vocab_size=len(WORDS),
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=12,
    max_position_embeddings=8,
    type_vocab_size=2,
    initializer_range=0.5,
    num_labels=len(LABELS),
)
model = BertForTokenClassification(config).eval()
with torch.no_grad():
    for parameter in model.parameters():  # biases and norms that do something
        parameter += 0.2 * torch.randn_like(parameter)
    ids = torch.tensor([each.ids for each in encoded])
    mask = torch.tensor([each.attention_mask for each in encoded])
    logits = model(input_ids=ids, attention_mask=mask).logits
logits = torch.stack([row[place] for row, place in zip(logits, places)])

tensors = {
    "places": torch.tensor(places).int(),
    "logits": logits,
    **{f"weights/{name}": weight for name, weight in model.named_parameters()},
}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
FILE.chmod(0o644)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes", places, logits.argmax(-1).tolist())
