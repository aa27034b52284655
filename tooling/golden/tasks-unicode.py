"""Golden values for packages/tasks/src/text/unicode.ts and tokenization/exact-tokenizer.ts: what Python and its `tokenizers` do with every
code point, as a hash for each 16384 of them.

    python tooling/golden/tasks-unicode.py

Made with Python 3.11 (Unicode 14) and tokenizers 0.23.3, whose categories and normal forms are older (Unicode 8 and 9). Compared are the code
points that both know and whose properties have not changed since: `skipped` are the others.
"""

import hashlib
import json
import re
import unicodedata
from pathlib import Path

from tokenizers import normalizers as n
from tokenizers import pre_tokenizers as p

FILE = Path(__file__).parents[2] / "packages/tasks/src/text/unicode.golden.json"
BLOCK = 0x4000
# Categories that changed after Unicode 14: U+0295 from Ll to Lo, U+1171E from Mn to Mc
CHANGED = {0x295, 0x1171E}


def cut(pre_tokenizer):
    return lambda text: [word for word, _ in pre_tokenizer.pre_tokenize_str(text)]


bert = n.BertNormalizer(lowercase=True).normalize_str
cased = n.BertNormalizer(lowercase=False).normalize_str
bert_words = cut(p.BertPreTokenizer())
unaccented = n.StripAccents().normalize_str
forms = {form: getattr(n, form)().normalize_str for form in ("NFC", "NFD", "NFKC", "NFKD")}
# each is given the code point as a text
FUNCTIONS = {
    "Lowercase": lambda c: n.Lowercase().normalize_str(c + "aΣ"),
    "BertNormalizer": lambda c: bert(f"x{c}y"),
    "BertNormalizer cased": lambda c: cased(f"x{c}y"),
    "Strip": lambda c: n.Strip().normalize_str(f"{c}x{c}"),
    "StripAccents": lambda c: unaccented(f"x{c}y"),
    "NFC": lambda c: forms["NFC"]("e" + c),
    "NFD": forms["NFD"],
    "NFKC": forms["NFKC"],
    "NFKD": forms["NFKD"],
    "BertPreTokenizer": lambda c: bert_words(f"x{c}{c}y"),
    "ByteLevel": lambda c: cut(p.ByteLevel(add_prefix_space=False))(f"x{c}{c}5"),
    "Whitespace": lambda c: cut(p.Whitespace())(f"x{c}{c}!"),
    "WhitespaceSplit": lambda c: cut(p.WhitespaceSplit())(f"x{c}y"),
    "Digits": lambda c: cut(p.Digits())(f"x{c}{c}y"),
    "Digits individual": lambda c: cut(p.Digits(individual_digits=True))(f"x{c}{c}y"),
    **{
        f"Punctuation {behavior}": lambda c, behavior=behavior: cut(p.Punctuation(behavior))(f"x{c}{c}y")
        for behavior in ("isolated", "removed", "contiguous", "merged_with_previous", "merged_with_next")
    },
    "lower": lambda c: [text.lower() for text in (c, f"a{c}Σ", f"aΣ{c}", f"aΣ{c}a")],
    "split": lambda c: f"x{c}{c}y".split(),
    "strip": lambda c: f"{c}x{c}".strip(),
    "\\s": lambda c: re.match(r"\s", c) is not None,
    "\\w": lambda c: re.match(r"\w", c) is not None,
    "\\b": lambda c: re.sub(r"\b(a|an|the)\b", "_", f"{c}a{c}the"),
}


def known(code):
    """Whether tokenizers' tables say of a code point what Unicode 14 says."""
    c = chr(code)
    category = unicodedata.category(c)
    punctuation = category[0] == "P" or (code < 0x80 and category[0] == "S")
    return (
        len(bert_words(f"x{c}{c}y")) == (4 if punctuation else 2 if c.isspace() and not 0x1C <= code <= 0x1F else 1)
        and (unaccented(f"x{c}y") == "xy") == (category[0] == "M")
        and (n.Sequence([n.BertNormalizer(clean_text=False, handle_chinese_chars=False)]).normalize_str(f"x{c}y") == "xy")
        == (category == "Mn")
        and (category != "Cf" or cased(f"x{c}y") == "xy")
        and all(normal(c) == unicodedata.normalize(form, c) for form, normal in forms.items())
    )


def ranges(codes):
    found = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


# the two planes of private use beyond U+F0000 are alike throughout
assigned = [c for c in range(0xF0000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
skipped = [c for c in assigned if c in CHANGED or not known(c)]
# newer signs, marks and scripts; what JavaScript's own texts get wrong is none of them
assert all(not chr(c).isspace() and unicodedata.category(chr(c)) not in ("Cc", "Co", "Lu") for c in skipped)
compared = sorted(set(assigned) - set(skipped))
blocks = {}
for code in compared:
    blocks.setdefault(code // BLOCK, []).append(code)


def digest(function, codes):
    lines = "\n".join(json.dumps(function(chr(c)), ensure_ascii=False, separators=(",", ":")) for c in codes)
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


hashes = {name: {f"{b:x}": digest(f, codes) for b, codes in blocks.items()} for name, f in FUNCTIONS.items()}
golden = {"blockSize": BLOCK, "compared": ranges(compared), "skipped": len(skipped), "hashes": hashes}
FILE.write_text(json.dumps(golden) + "\n")
print(f"{FILE.name}: {len(compared)} compared, {len(skipped)} skipped, {len(blocks)} blocks, {FILE.stat().st_size} bytes")
print({unicodedata.category(chr(c)) for c in skipped})
