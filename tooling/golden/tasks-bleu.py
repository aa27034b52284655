"""Golden values for packages/tasks/src/metrics/bleu.ts: corpora scored by sacrebleu.

    python tooling/golden/tasks-bleu.py

Made with sacrebleu 2.6.0.
"""

import json
from pathlib import Path

from sacrebleu.metrics import BLEU

FILE = Path(__file__).parents[2] / "packages/tasks/src/metrics/bleu.golden.json"
HYPOTHESES = [
    "A man in an orange hat starring at something.",
    "a Boston Terrier is running on lush green grass in front of a white fence .",
    "Five people wearing winter-jackets and helmets stand in the snow, with 3,000 snowmobiles in the background.",
    'He said: "It costs $12.50 (or 10-12 euros) & more!"',
    "Ein Hund läuft über die Straße – schnell…",
    "",
]
FIRST = [
    "A man in an orange hat starring at something.",
    "A Boston Terrier is running on lush green grass in front of a white fence.",
    "Five people wearing winter jackets and helmets stand in the snow, with snowmobiles in the background.",
    "He says: 'It costs $12.50 (or 10-12 euros) & more!'",
    "Ein Hund rennt schnell über die Straße.",
    "An empty answer.",
]
SECOND = [
    "A man with an orange hat stares at something.",
    "A terrier runs on green grass before a white fence.",
    "Five people in winter jackets, with helmets, are standing in the snow.",
    '"It costs &quot;12.50&quot; dollars", he said.',
    "Ein Hund läuft schnell über eine Straße.",
    "Nothing.",
]
# final sigma, and white space that JavaScript takes otherwise: U+001C, U+0085, U+FEFF
TEXTS = ["ΣΑΣ ΕΙΔΑ στο ΟΔΟΣ", "a b\u001cc\u0085d e f", "one\ufefftwo three\ufeff four five", "well-\n", "😀. 𠀀,𠀁 5"]
OTHERS = ["σας ειδα ΣΤΟ οδοσ", "a b c d e f", "one two three four five", "well-", "😀 . 𠀀 , 𠀁 5"]


def score(hypotheses, references, lower_case):
    result = BLEU(lowercase=lower_case).corpus_score(hypotheses, references)
    return {
        "hypotheses": hypotheses,
        "references": [list(of_one) for of_one in zip(*references)],
        "lowerCase": lower_case,
        "bleu": result.score,
        "precisions": result.precisions,
        "brevityPenalty": result.bp,
    }


cases = [
    score(HYPOTHESES, [FIRST], False),
    score(HYPOTHESES, [FIRST], True),
    score(HYPOTHESES, [FIRST, SECOND], False),
    score(["the the the the"], [["the cat sat on the mat"]], False),
    score(["nothing in common"], [["a wholly different sentence"]], False),
    *(score([text], [[other]], True) for text, other in zip(TEXTS, OTHERS)),
    score(["two words"], [["two words"]], False),
    score(["much too short a translation"], [["much too short a translation of a very long source sentence"]], False),
]
FILE.write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n")
print([round(case["bleu"], 3) for case in cases])
