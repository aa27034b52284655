"""Golden values for packages/rl/src/layers/gated-transformer: DI-engine's GTrXL, its values, its memory and the gradients of every weight.

    pip download --no-deps DI-engine==0.5.3 && unzip DI_engine-0.5.3-py3-none-any.whl
    python tooling/golden/rl-gtrxl.py <the folder of that>

needs torch and safetensors (made with torch 2.15.0). gtrxl.py, nn_module.py and normalization.py of the wheel are loaded alone, for the package imports much
else. Two segments are read, one after the other, from a memory that is not empty. Weights are given random values, biases too, so that all of them count;
the bias of the positions' projection moves every score of a query alike, and is left at 0.
"""

import importlib.util
import sys
import types
from pathlib import Path

import torch
from safetensors.torch import save_file

FILE = Path(__file__).parents[2] / "packages/rl/src/layers/gated-transformer/gated-transformer.golden.safetensors"
INPUTS, WIDTH, HEADS, LAYERS, MEMORY, STEPS, BATCH = 3, 8, 2, 2, 5, 4, 2

network = Path(sys.argv[1]) / "ding/torch_utils/network"
for name in ("ding", "ding.torch_utils", "ding.torch_utils.network", "ding.compatibility"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["ding.compatibility"].torch_ge_131 = lambda: True
for name in ("normalization", "nn_module", "gtrxl"):
    full = f"ding.torch_utils.network.{name}"
    spec = importlib.util.spec_from_file_location(full, network / f"{name}.py")
    sys.modules[full] = importlib.util.module_from_spec(spec)
    sys.modules[full].__package__ = "ding.torch_utils.network"
    spec.loader.exec_module(sys.modules[full])
GTrXL = sys.modules["ding.torch_utils.network.gtrxl"].GTrXL

torch.manual_seed(1910)
model = GTrXL(INPUTS, WIDTH // HEADS, WIDTH, HEADS, 2, LAYERS, MEMORY).float()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        parameter.add_(0.3 * torch.randn_like(parameter))
        if "project_pos" in name and name.endswith("bias"):
            parameter.zero_()
first, second = (torch.randn(STEPS, BATCH, INPUTS) for _ in range(2))
before = torch.randn(LAYERS + 1, MEMORY, BATCH, WIDTH)
model.reset_memory(state=before)
outputs = [model(segment)["logit"] for segment in (first, second)]
after = model.get_memory()
loss = sum((output * torch.cos(1.7 * torch.arange(output.numel())).view(output.shape)).sum() for output in outputs)
loss.backward()

parameters = dict(model.named_parameters())


def gathered(values):
    """Under Heed's names; matrices are turned, and u and v belong to every layer here."""
    turn = lambda name: values(f"{name}.weight").T
    named = {"embedding.weight": turn("embedding.0"), "embedding.bias": values("embedding.0.bias")}
    for layer in range(LAYERS):
        ours, theirs = f"layers.{layer}", f"layers.{layer}"
        for part, norm in (("attentionNorm", "layernorm1"), ("feedForwardNorm", "layernorm2")):
            for kind in ("weight", "bias"):
                named[f"{ours}.{part}.{kind}"] = values(f"{theirs}.{norm}.{kind}")
        key, value = values(f"{theirs}.attention.attention_kv.0.weight").T.chunk(2, 1)
        key_bias, value_bias = values(f"{theirs}.attention.attention_kv.0.bias").chunk(2)
        named |= {
            f"{ours}.attention.query.weight": turn(f"{theirs}.attention.attention_q.0"),
            f"{ours}.attention.query.bias": values(f"{theirs}.attention.attention_q.0.bias"),
            f"{ours}.attention.key.weight": key,
            f"{ours}.attention.key.bias": key_bias,
            f"{ours}.attention.value.weight": value,
            f"{ours}.attention.value.bias": value_bias,
            f"{ours}.attention.output.weight": turn(f"{theirs}.attention.project.0"),
            f"{ours}.attention.output.bias": values(f"{theirs}.attention.project.0.bias"),
            f"{ours}.attention.score.position.weight": turn(f"{theirs}.attention.project_pos.0"),
            f"{ours}.attention.score.contentBias": values("u")[:, None],
            f"{ours}.attention.score.positionBias": values("v")[:, None],
        }
        for gate, their_gate in (("attentionGate", "gate1"), ("feedForwardGate", "gate2")):
            named |= {
                f"{ours}.{gate}.branch.weight": torch.cat([turn(f"{theirs}.{their_gate}.W{part}") for part in "rzg"], 1),
                f"{ours}.{gate}.stream.weight": torch.cat([turn(f"{theirs}.{their_gate}.U{part}") for part in "rz"], 1),
                f"{ours}.{gate}.candidate.weight": turn(f"{theirs}.{their_gate}.Ug"),
                f"{ours}.{gate}.bias": values(f"{theirs}.{their_gate}.bg"),
            }
        for part, number in (("hidden", 0), ("output", 2)):
            named[f"{ours}.{part}.weight"] = turn(f"{theirs}.mlp.{number}.0")
            named[f"{ours}.{part}.bias"] = values(f"{theirs}.mlp.{number}.0.bias")
    return named


batch_first = lambda x: x.transpose(0, 1)
tensors = {
    "first": batch_first(first),
    "second": batch_first(second),
    # [layers, S, B, M] → [B, layers, S, M]; the last one is of outputs, which no layer looks at
    "memory": before[:LAYERS].permute(2, 0, 1, 3),
    "memory after": after[:LAYERS].permute(2, 0, 1, 3),
    "outputs first": batch_first(outputs[0]),
    "outputs second": batch_first(outputs[1]),
    "cosines": batch_first(torch.cos(1.7 * torch.arange(outputs[0].numel())).view(outputs[0].shape)),
    **{f"weights/{name}": tensor for name, tensor in gathered(lambda name: parameters[name].detach()).items()},
    **{f"gradients/{name}": tensor for name, tensor in gathered(lambda name: parameters[name].grad).items()},
}
save_file({name: tensor.detach().float().contiguous().clone() for name, tensor in tensors.items()}, FILE)
