"""Golden values for packages/vision/src/evaluation: COCO's figures by pycocotools.

    python tooling/golden/vision-average-precision.py

needs pycocotools (made with 2.0.11). Writes twelve made-up pictures with crowds, equal scores, ids with gaps and objects of every size, what a
detector found in them, and all figures, beside the test.
"""

import contextlib
import io
import json
import random
from pathlib import Path

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

FILE = Path(__file__).parents[2] / "packages/vision/src/evaluation/average-precision.golden.json"
LABELS = {3: "cat", 7: "dog", 20: "bird", 21: "fish"}
random.seed(2019)
number = lambda low, high: round(random.uniform(low, high), 2)
images, annotations, found = [], [], []
for image in range(12):
    image_id = 5 * image + 2
    images.append({"id": image_id, "width": 400, "height": 400})
    for _ in range(random.randint(0, 7)):
        side = random.choice([12, 30, 50, 90, 150])
        box = [number(0, 240), number(0, 240), number(side * 0.6, side * 1.4), number(side * 0.6, side * 1.4)]
        label = random.choice([3, 7, 20])
        crowd = int(random.random() < 0.12)
        area = round(box[2] * box[3] * random.choice([1, 0.7]), 2)
        annotations.append({"id": len(annotations) + 1, "image_id": image_id, "category_id": label, "bbox": box, "area": area, "iscrowd": crowd})
        for _ in range(random.choice([0, 1, 1, 2])):
            shift = side * random.choice([0.02, 0.1, 0.25])
            near = [round(v + number(-shift, shift), 2) for v in box]
            guess = label if random.random() < 0.85 else random.choice(list(LABELS))
            found.append({"image_id": image_id, "category_id": guess, "bbox": near, "score": round(random.random(), 1)})
    for _ in range(random.randint(0, 3)):
        box = [number(0, 300), number(0, 300), number(5, 100), number(5, 100)]
        found.append({"image_id": image_id, "category_id": random.choice(list(LABELS)), "bbox": box, "score": round(random.random(), 1)})

with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO()
    truth.dataset = {"images": images, "annotations": annotations, "categories": [{"id": i, "name": n} for i, n in LABELS.items()], "info": {}}
    truth.createIndex()
    evaluation = COCOeval(truth, truth.loadRes([dict(one) for one in found]), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
stats = evaluation.stats
precision = evaluation.eval["precision"][:, :, :, 0, 2]
per_label = {LABELS[i]: float(precision[:, :, k].mean()) for k, i in enumerate(evaluation.params.catIds) if precision[:, :, k].max() > -1}
rectangle = lambda box: dict(zip(("left", "top", "width", "height"), box))
cases = [
    {
        "objects": [
            {"box": rectangle(a["bbox"]), "label": LABELS[a["category_id"]], "area": a["area"], "crowd": bool(a["iscrowd"])}
            for a in annotations
            if a["image_id"] == image["id"]
        ],
        "found": [
            {"box": rectangle(f["bbox"]), "label": LABELS[f["category_id"]], "score": f["score"]} for f in found if f["image_id"] == image["id"]
        ],
    }
    for image in images
]
names = {"ap": 0, "ap50": 1, "ap75": 2, "small": 3, "medium": 4, "large": 5, "recall": 8}
figures = {name: float(stats[i]) for name, i in names.items()} | {"perLabel": per_label}
FILE.write_text(json.dumps({"cases": cases, "figures": figures}) + "\n")
print(figures)
