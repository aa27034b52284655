"""Golden values for packages/tasks/src/tokenization: WordPiece as Python `tokenizers` trains and applies it.

    python tooling/golden/tasks-word-piece.py

Made with tokenizers 0.23.3. Its trainer numbers `##` characters and chooses among equally frequent pairs at random. So `merged` is taken from
words in which no pairs are equally frequent, and checked over several runs; for the larger `vocab` the definition is written out here, the
lowest numbers first. What a tokenizer of that vocabulary is as `tokenizer.json`, and what it makes of texts, is Python's.
"""

import json
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FILE = Path(__file__).parents[2] / "packages/tasks/src/tokenization/train-word-piece.golden.json"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# the counts of Hugging Face's course on byte pairs, with one more "pug", so that no two pairs are equally frequent
COUNTED = {"Hug": 10, "pug": 6, "pun": 12, "bun": 4, "hugs": 5}
TEXTS = [
    "The state of the Union is strong, and the states of our Union are stronger.",
    "We have united the states; the united states have strength.",
    "Stronger unions, stronger states: strength in 1901 and in 1912.",
    "A naïve unity isn't union. 団結 is union.",
]
UNSEEN = ["The STATE of unity, 1999!", "naive união", "we're 団 united", "émoji 🙂 x", "  two   spaces ", "a_b", ""]


def empty(vocab, lower_case):
    tokenizer = Tokenizer(models.WordPiece(vocab=vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower_case)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def trained(texts, minimum_count):
    """The merged tokens in their order: everything behind the single characters."""
    tokenizer = empty({"[UNK]": 1}, True)
    trainer = trainers.WordPieceTrainer(
        vocab_size=100, min_frequency=minimum_count, special_tokens=SPECIAL, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    vocab = tokenizer.get_vocab()
    return [
        token for token in sorted(vocab, key=vocab.get) if token not in SPECIAL and len(token.removeprefix("##")) > 1
    ]


def vocabulary(texts, size, minimum_count, lower_case):
    tokenizer = empty({"[UNK]": 1}, lower_case)
    counts = Counter(
        word
        for text in texts
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
    )
    words = {word: [word[0], *("##" + character for character in word[1:])] for word in counts}
    first = sorted({character for word in counts for character in word})
    tokens = SPECIAL + first + sorted({piece for pieces in words.values() for piece in pieces[1:]})
    while len(tokens) < size:
        pairs = Counter()
        for word, pieces in words.items():
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += counts[word]
        if not pairs:
            break
        left, right = min(pairs, key=lambda pair: (-pairs[pair], tokens.index(pair[0]), tokens.index(pair[1])))
        if pairs[left, right] < minimum_count:
            break
        merged = left + right[2:]
        if merged not in tokens:
            tokens.append(merged)
        for word, pieces in words.items():
            joined = []
            while pieces:
                found = pieces[:2] == [left, right]
                joined.append(merged if found else pieces[0])
                pieces = pieces[2 if found else 1 :]
            words[word] = joined
    return {token: number for number, token in enumerate(tokens)}


def case(size, minimum_count, lower_case):
    tokenizer = empty(vocabulary(TEXTS, size, minimum_count, lower_case), lower_case)
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    encoded = [tokenizer.encode(text) for text in TEXTS + UNSEEN]
    return {
        "vocabularySize": size,
        "minimumCount": minimum_count,
        "lowerCase": lower_case,
        "json": json.loads(tokenizer.to_str()),
        "ids": [each.ids for each in encoded],
        "decoded": [tokenizer.decode(each.ids) for each in encoded],
    }


counted = [" ".join([word] * count) for word, count in COUNTED.items()]
merged = trained(counted, 4)
assert all(trained(counted, 4) == merged for _ in range(20)), "equally frequent pairs"
golden = {
    "counted": counted,
    "merged": merged,
    "texts": TEXTS,
    "unseen": UNSEEN,
    "cases": [case(90, 2, True), case(120, 1, False)],
}
FILE.write_text(json.dumps(golden, ensure_ascii=False))
print(FILE.name, FILE.stat().st_size, merged, [len(case["json"]["model"]["vocab"]) for case in golden["cases"]])
