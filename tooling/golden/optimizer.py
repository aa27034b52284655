"""Expected values for packages/training/src/optimizers: weights after steps of torch.optim, in float64 and float32."""
import json
import pathlib

import torch

SHAPES = {"layer.weight": [3, 2], "layer.bias": [2], "scale": []}
STEPS = 6
CASES = {
    "sgd": (torch.optim.SGD, dict(lr=0.1)),
    "sgd momentum": (torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
    "sgd nesterov with weight decay": (torch.optim.SGD, dict(lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.05)),
    "adam": (torch.optim.Adam, dict(lr=0.01)),
    "adam with weight decay": (torch.optim.Adam, dict(lr=0.01, betas=(0.8, 0.98), eps=1e-6, weight_decay=0.1)),
    "adam of the last gradient": (torch.optim.Adam, dict(lr=0.01, betas=(0.0, 0.999))),
    "adamw": (torch.optim.AdamW, dict(lr=0.01)),
    "adamw with weight decay": (torch.optim.AdamW, dict(lr=0.05, betas=(0.9, 0.95), weight_decay=0.2)),
}
OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/optimizers/optimizer.golden.json"

generator = torch.Generator().manual_seed(7)
draw = lambda shape: torch.randn(shape, generator=generator)
initial = {name: draw(shape) for name, shape in SHAPES.items()}
gradients = [{name: draw(shape) * 10 ** (step - 3) for name, shape in SHAPES.items()} for step in range(STEPS)]


def run(kind, options, groups=None):
    weights = {name: torch.nn.Parameter(value.clone()) for name, value in initial.items()}
    optimizer = kind(groups(weights) if groups else weights.values(), **options)
    for gradient in gradients:
        for name, weight in weights.items():
            weight.grad = gradient[name].clone()
        optimizer.step()
    return {name: weight.detach().flatten().tolist() for name, weight in weights.items()}


flat = lambda tensors: {name: value.flatten().tolist() for name, value in tensors.items()}
two_groups = lambda weights: [
    dict(params=[weights["layer.weight"], weights["scale"]]),
    dict(params=[weights["layer.bias"]], weight_decay=0, lr=0.005),
]
results = {name: run(kind, options) for name, (kind, options) in CASES.items()}
results["adamw with groups"] = run(torch.optim.AdamW, dict(lr=0.01, weight_decay=0.1), two_groups)

clipped = [torch.nn.Parameter(value.clone()) for value in initial.values()]
for parameter, value in zip(clipped, gradients[3].values()):
    parameter.grad = value.clone()
norm = torch.nn.utils.clip_grad_norm_(clipped, 0.5)
OUT.write_text(
    json.dumps(
        {
            "torch": torch.__version__,
            "shapes": SHAPES,
            "initial": flat(initial),
            "gradients": [flat(gradient) for gradient in gradients],
            "results": results,
            "clipping": {"norm": norm.item(), "limit": 0.5, "clipped": [p.grad.flatten().tolist() for p in clipped]},
        },
        indent=1,
    )
    + "\n"
)
