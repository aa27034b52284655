"""Golden values for packages/tasks/src/tokenization: byte-level BPE as Python `tokenizers` trains and applies it.

    python tooling/golden/tasks-bpe.py

Made with tokenizers 0.23.3.
"""

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

FILE = Path(__file__).parents[2] / "packages/tasks/src/tokenization/train-bpe.golden.json"
SPECIAL = ["<pad>", "<s>", "</s>"]
TEXTS = [
    "Ein Hund läuft über die Straße, und zwei Hunde laufen ihm nach.",
    "Zwei Männer laufen über eine Straße.",
    "A dog runs across the street, and two dogs run after it.",
    "Two men are running across a street; one of them isn't running.",
    "The men's dogs don't run:  they're 12 years old, or 13.",
]
UNSEEN = ["Drei Hunde laufen 2024 über die Brücke!", "émoji 🙂 and עברית", "  two   spaces ", "e\u0301", "ÀÉÎ Straße"]


def train(lower_case, minimum_count):
    tokenizer = Tokenizer(models.BPE())
    lower = [normalizers.Lowercase()] if lower_case else []
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), *lower])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=minimum_count,
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return {
        "lowerCase": lower_case,
        "minimumCount": minimum_count,
        "vocab": model["vocab"],
        "merges": model["merges"],
        "ids": [tokenizer.encode(text).ids for text in TEXTS + UNSEEN],
        "decoded": [tokenizer.decode(tokenizer.encode(text).ids) for text in TEXTS + UNSEEN],
    }


cases = [train(False, 2), train(True, 1)]
FILE.write_text(json.dumps({"special": SPECIAL, "texts": TEXTS, "unseen": UNSEEN, "cases": cases}, ensure_ascii=False))
print(FILE.name, FILE.stat().st_size, [len(case["merges"]) for case in cases])
