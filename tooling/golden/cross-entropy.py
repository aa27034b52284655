"""Expected values for packages/training/src/losses: torch.nn.functional.cross_entropy and its gradient."""
import json
import pathlib

import torch

OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/losses/cross-entropy.golden.json"

generator = torch.Generator().manual_seed(11)
logits = torch.randn([2, 3, 5], generator=generator) * 4
labels = torch.tensor([[4, 0, -100], [2, 2, 1]])
cases = []
for smoothing in [0.0, 0.1, 0.9]:
    for ignore in [-100, 2]:
        given = logits.clone().requires_grad_()
        kept = labels.clone()
        if ignore == 2:
            kept[kept == -100] = 3
        loss = torch.nn.functional.cross_entropy(
            given.flatten(0, 1), kept.flatten(), ignore_index=ignore, label_smoothing=smoothing
        )
        (loss * 3).backward()
        cases.append(
            dict(
                labelSmoothing=smoothing,
                ignoreIndex=ignore,
                labels=kept.flatten().tolist(),
                loss=loss.item(),
                gradientOfThreeTimesLoss=given.grad.flatten().tolist(),
            )
        )
OUT.write_text(
    json.dumps({"torch": torch.__version__, "shape": [2, 3, 5], "logits": logits.flatten().tolist(), "cases": cases}, indent=1)
    + "\n"
)
