"""Golden values for packages/tasks/src/tokenization/character-tokenizer.ts: a tokenizer of characters as Python `tokenizers` writes and applies it.

    python tooling/golden/tasks-characters.py

Made with tokenizers 0.23.3.
"""

import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

FILE = Path(__file__).parents[2] / "packages/tasks/src/tokenization/character-tokenizer.golden.json"
SPECIAL = ["<|endoftext|>"]
TEXTS = ["To be, or not to be:\n\tthat is the question.", "  née 1564", "e\u0301 שלום"]

characters = sorted({character for text in TEXTS for character in text})
vocabulary = {token: index for index, token in enumerate([*SPECIAL, *characters])}
tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
tokenizer.decoder = decoders.Fuse()
tokenizer.add_special_tokens(SPECIAL)

ids = [tokenizer.encode(text).ids for text in TEXTS]
golden = {
    "texts": TEXTS,
    "special": SPECIAL,
    "json": json.loads(tokenizer.to_str()),
    "ids": ids,
    "decoded": [tokenizer.decode(row) for row in ids],
}
FILE.write_text(json.dumps(golden) + "\n", encoding="utf-8")
print(f"{FILE.name}: {len(vocabulary)} tokens, {FILE.stat().st_size} bytes")
