"""Golden values for packages/nlp/src/metrics/entity-f1.ts: label sequences scored by seqeval.

    python tooling/golden/nlp-entity-f1.py

Made with seqeval 1.2.2.
"""

import json
import random
from pathlib import Path

from seqeval.metrics import accuracy_score, classification_report, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

FILE = Path(__file__).parents[2] / "packages/nlp/src/metrics/entity-f1.golden.json"
LABELS = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER", "B-street-name", "I-street-name"]


def score(labels, predicted):
    report = classification_report(labels, predicted, output_dict=True, zero_division=0)
    return {
        "sentences": [{"labels": a, "predicted": b} for a, b in zip(labels, predicted)],
        "precision": precision_score(labels, predicted, zero_division=0),
        "recall": recall_score(labels, predicted, zero_division=0),
        "f1": f1_score(labels, predicted, zero_division=0),
        "accuracy": accuracy_score(labels, predicted),
        "entities": [[list(entity) for entity in get_entities(sentence)] for sentence in predicted],
        "byType": {
            name: {
                "precision": float(values["precision"]),
                "recall": float(values["recall"]),
                "f1": float(values["f1-score"]),
                "support": int(values["support"]),
            }
            for name, values in report.items()
            if not name.endswith(" avg")
        },
    }


def noisy(sentence, source):
    return [source.choice(LABELS) if source.random() < 0.3 else label for label in sentence]


source = random.Random(7)
# any order of labels, so that an I follows an O, the beginning and other types too
drawn = [[source.choice(LABELS) for _ in range(source.randint(1, 12))] for _ in range(20)]
cases = [
    score([["B-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "O", "O"]]),
    score([["B-PER", "I-PER", "B-PER"]], [["B-PER", "I-PER", "I-PER"]]),
    score([["O", "B-LOC", "I-LOC"]], [["O", "I-LOC", "I-LOC"]]),
    score([["B-LOC", "I-LOC"]], [["B-LOC", "I-PER"]]),
    score([["B-LOC"], ["O"]], [["O"], ["B-PER"]]),
    score(drawn, [noisy(sentence, source) for sentence in drawn]),
]
FILE.write_text(json.dumps(cases, indent=1) + "\n")
print([round(case["f1"], 4) for case in cases])
