"""Golden values for packages/speech/src/metrics: word and character error rates of jiwer.

    python tooling/golden/speech-word-errors.py

needs jiwer (made with 4.0). Writes texts with their rates one by one, and those of all together.
"""

import json
from pathlib import Path

import jiwer

PAIRS = [
    ("call me back", "call my back"),
    ("please enter your number", "please enter number"),
    ("one two three", "one two two three"),
    ("hello", "yellow  there my friend"),
    ("the same", "the same"),
    ("  white   space ", "white space"),
    ("Capitals count.", "capitals count"),
    ("nothing heard", ""),
    ("naïve café", "naive cafe"),
    ("a b c d e f g", "g f e d c b a"),
]

expected, heard = zip(*PAIRS)
golden = {
    "texts": [{"expected": e, "heard": h, "words": jiwer.wer(e, h), "characters": jiwer.cer(e, h)} for e, h in PAIRS],
    "words": jiwer.wer(list(expected), list(heard)),
    "characters": jiwer.cer(list(expected), list(heard)),
}
path = Path(__file__).parents[2] / "packages/speech/src/metrics/word-error-rate.golden.json"
path.write_text(json.dumps(golden, ensure_ascii=False) + "\n")
