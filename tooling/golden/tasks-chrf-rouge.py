"""Golden values for packages/tasks/src/metrics/{chrf,rouge}.ts: corpora scored by sacrebleu and rouge-score.

    python tooling/golden/tasks-chrf-rouge.py

Made with sacrebleu 2.6.0 and rouge-score 0.1.2.
"""

import json
from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import CHRF

FOLDER = Path(__file__).parents[2] / "packages/tasks/src/metrics"
HYPOTHESES = [
    "A man in an orange hat starring at something.",
    "a Boston Terrier is running on lush green grass in front of a white fence .",
    'He said: "It costs $12.50 (or 10-12 euros) & more!"',
    "Ein Hund läuft über die Straße – schnell…",
    "the the the cat",
    "🙂 שלום",
    "ΣΑΣ ΕΙΔΑ 1\u001c2\u0085x\ufeffy K",
    "",
]
FIRST = [
    "A man in an orange hat starring at something.",
    "A Boston Terrier is running on lush green grass in front of a white fence.",
    "He says: 'It costs $12.50 (or 10-12 euros) & more!'",
    "Ein Hund rennt schnell über die Straße.",
    "the cat sat on the mat",
    "🙂🙂 שלום עולם",
    "σας ειδα 1 2 xy K",
    "An empty answer.",
]
SECOND = [
    "A man with an orange hat stares at something.",
    "A terrier runs on green grass before a white fence.",
    '"It costs &quot;12.50&quot; dollars", he said.',
    "Ein Hund läuft schnell über eine Straße.",
    "the cat",
    "-",
    "σασ ειδα 12x\ufeff y k",
    "",
]


def texts(hypotheses, references):
    return [{"hypothesis": text, "references": list(of_one)} for text, of_one in zip(hypotheses, zip(*references))]


corpora = [
    (HYPOTHESES, [FIRST]),
    (HYPOTHESES, [FIRST, SECOND]),
    (["nothing"], [["xyz"]]),
    (["ab"], [["abcdefgh"]]),
    *(([one], [[other]]) for one, other in zip(HYPOTHESES, FIRST)),
]
chrf = [
    {
        "texts": texts(*corpus),
        "options": {"wordOrder": order, "lowerCase": lower},
        "chrf": CHRF(word_order=order, lowercase=lower).corpus_score(*corpus).score,
    }
    for corpus in corpora
    for order, lower in ((0, False), (2, True))
]
scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])


def mean(scores):
    count = len(scores)
    return {
        "precision": sum(score.precision for score in scores) / count,
        "recall": sum(score.recall for score in scores) / count,
        "f1": sum(score.fmeasure for score in scores) / count,
    }


def rouge(hypotheses, references):
    scores = [scorer.score_multi(of_one, text) for text, of_one in zip(hypotheses, zip(*references))]
    return {name: mean([score[name] for score in scores]) for name in ("rouge1", "rouge2", "rougeL")}


rouges = [{"texts": texts(*corpus), "rouge": rouge(*corpus)} for corpus in corpora]
for name, cases in (("chrf", chrf), ("rouge", rouges)):
    (FOLDER / f"{name}.golden.json").write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n")
print([round(case["chrf"], 3) for case in chrf], [round(case["rouge"]["rougeL"]["f1"], 3) for case in rouges])
