"""Linear attention, FAVOR+ with given directions, Linformer and ProbSparse, from the papers' formulas in float64: outputs, and
gradients of Σ output · cos(1.7 i). Loops where the code under test has none."""
import json
import math
import pathlib

import torch

OUT = pathlib.Path(__file__).parents[2] / "packages/attention-core/src/linear-attention/linear-attention.golden.json"
generator = torch.Generator().manual_seed(23)
leaf = lambda *shape: torch.randn(shape, generator=generator).float().double().requires_grad_()
numbers = lambda tensor: [float(f"{x:.8g}") for x in tensor.detach().flatten().tolist()]
result = {}


def record(name, inputs, output, **rest):
    weights = torch.cos(1.7 * torch.arange(output.numel()).double()).view(output.shape)
    gradients = torch.autograd.grad((output * weights).sum(), list(inputs.values()))
    result[name] = {
        "inputs": {key: numbers(value) for key, value in inputs.items()},
        "output": numbers(output),
        "gradients": {key: numbers(value) for key, value in zip(inputs, gradients)},
        **rest,
    }


B, H, L, S, D, Dv = 2, 2, 4, 5, 3, 2
elu = lambda x: torch.nn.functional.elu(x) + 1


def kernel_attention(q, k, v, weight):
    """Σ weight(q, k)·v / Σ weight(q, k), pair by pair; weight gives 0 for pairs that are hidden."""
    rows = []
    for i in range(q.shape[2]):
        w = torch.stack([weight(i, j) for j in range(k.shape[2])], -1)  # [B, H, S]
        rows.append((w[..., None] * v).sum(2) / w.sum(-1, keepdim=True))
    return torch.stack(rows, 2)


q, k, v = leaf(B, H, L, D), leaf(B, H, S, D), leaf(B, H, S, Dv)
lengths = torch.tensor([5, 3])
real = lambda j: (j < lengths).double()[:, None]
bidirectional = kernel_attention(q, k, v, lambda i, j: (elu(q[:, :, i]) * elu(k[:, :, j])).sum(-1) * real(j))
record("bidirectional", dict(query=q, key=k, value=v), bidirectional, lengths=lengths.tolist())

T = 5
q, k, v = leaf(B, H, T, D), leaf(B, H, T, D), leaf(B, H, T, Dv)
causal = kernel_attention(q, k, v, lambda i, j: (elu(q[:, :, i]) * elu(k[:, :, j])).sum(-1) * float(j <= i))
record("causal", dict(query=q, key=k, value=v), causal)

q, k, v, w = leaf(B, H, L, D), leaf(B, H, S, D), leaf(B, H, S, Dv), leaf(D, 6)
features = lambda x: torch.exp(x / D**0.25 @ w - (x / D**0.25).square().sum(-1, keepdim=True) / 2) / math.sqrt(6)
favor = kernel_attention(q, k, v, lambda i, j: (features(q[:, :, i]) * features(k[:, :, j])).sum(-1))
record("performer", dict(query=q, key=k, value=v), favor, projection=numbers(w))

# The recurrent rules as recurrences over vectors, with two query heads for each state.
q, v = leaf(B, 4, T, D), leaf(B, H, T, Dv)
k = torch.nn.functional.normalize(leaf(B, H, T, D), dim=-1).detach().float().double().requires_grad_()
g, beta, state = leaf(B, H, T, D), leaf(B, H, T, 1), leaf(B, H, D, Dv)
for name, gated, delta in [("linear", 0, 0), ("gated", 1, 0), ("delta", 0, 1), ("gatedDelta", 1, 1)]:
    s, outputs = state, []
    for t in range(T):
        if gated:
            s = torch.exp(-g[:, :, t].square())[..., None] * s
        new = v[:, :, t]
        if delta:
            new = torch.sigmoid(beta[:, :, t]) * (new - torch.einsum("bhdv,bhd->bhv", s, k[:, :, t]))
        s = s + k[:, :, t, :, None] * new[:, :, None]
        outputs.append(torch.einsum("bhgd,bhdv->bhgv", q[:, :, t].view(B, H, 2, D), s).reshape(B, 4, Dv) / math.sqrt(D))
    inputs = dict(query=q, key=k, value=v, state=state) | ({"decay": g} if gated else {}) | ({"beta": beta} if delta else {})
    record(name, inputs, torch.stack(outputs, 2), state=numbers(s))

q, k, v, e, f = leaf(B, H, L, D), leaf(B, H, S, D), leaf(B, H, S, Dv), leaf(6, 3), leaf(6, 3)
seen = (torch.arange(S) < lengths[:, None]).double()[:, None, :, None]
shorter = lambda x, p: torch.einsum("bhsd,sk->bhkd", x * seen, p[:S])
linformer = torch.softmax(q @ shorter(k, e).mT / math.sqrt(D), -1) @ shorter(v, f)
record(
    "linformer",
    dict(query=q, key=k, value=v, keyProjection=e, valueProjection=f),
    linformer,
    lengths=lengths.tolist(),
)

# ProbSparse as in the authors' attn.py, with every key measured.
for name, causally in [("probSparse", False), ("probSparseCausal", True)]:
    q, k, v = leaf(B, H, T, D), leaf(B, H, T, D), leaf(B, H, T, Dv)
    scores = q @ k.mT
    chosen = (scores.max(-1)[0] - scores.sum(-1) / T).topk(math.ceil(1 * math.ceil(math.log(T))), sorted=False)[1]
    context = v.cumsum(2) if causally else v.mean(2, keepdim=True).expand(B, H, T, Dv)
    few = scores.gather(2, chosen[..., None].expand(-1, -1, -1, T)) / math.sqrt(D)
    if causally:
        few = few.masked_fill(torch.arange(T) > chosen[..., None], -math.inf)
    attended = torch.softmax(few, -1) @ v
    output = context.scatter(2, chosen[..., None].expand(-1, -1, -1, Dv), attended)
    record(name, dict(query=q, key=k, value=v), output, attending=chosen.sort(-1)[0].tolist())

OUT.write_text(json.dumps(result) + "\n")
