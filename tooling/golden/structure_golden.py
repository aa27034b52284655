"""Writes what a structure of attention-core is compared with: weights under Heed's names, inputs, outputs, and the gradients of
Σ output · cos(1.7 i), all computed in float64. Read by structures/parity.test-support.ts."""
import pathlib

import safetensors.torch
import torch

OUT = pathlib.Path(__file__).parents[2] / "packages/attention-core/src"


class Weights(dict):
    """Random leaves under Heed's names. Matrices are [inputs, outputs], the transpose of torch's."""

    def __init__(self, seed):
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape, scale=1.0, shift=0.0):
        return (torch.randn(shape, generator=self.generator) * scale + shift).double()

    def add(self, name, *shape, scale=0.5, shift=0.0):
        # float32 values, so that both sides start from the same bits
        self[name] = self.normal(*shape, scale=scale, shift=shift).float().double().requires_grad_()
        return self[name]

    def linear(self, name, inputs, outputs, bias=True):
        self.add(f"{name}.weight", inputs, outputs, scale=inputs**-0.5)
        if bias:
            self.add(f"{name}.bias", outputs)

    def norm(self, name, width, bias=True):
        self.add(f"{name}.weight", width, shift=1.0, scale=0.2)
        if bias:
            self.add(f"{name}.bias", width, scale=0.2)

    def attention(self, name, width, heads, kv_heads=None, head=None, value_head=None, memory=None):
        kv_heads, head, memory = kv_heads or heads, head or width // heads, memory or width
        value_head = value_head or head
        self.linear(f"{name}.query", width, heads * head)
        self.linear(f"{name}.key", memory, kv_heads * head)
        self.linear(f"{name}.value", memory, kv_heads * value_head)
        self.linear(f"{name}.output", heads * value_head, width)

    def feed_forward(self, name, width, hidden):
        self.linear(f"{name}.hidden", width, hidden)
        self.linear(f"{name}.output", hidden, width)

    def apply(self, name, x):
        return torch.nn.functional.linear(x, self[f"{name}.weight"].T, self.get(f"{name}.bias"))

    def torch_attention(self, name, target):
        """Heed's four projections as the parameters of torch.nn.MultiheadAttention."""
        part = lambda kind: torch.cat([self[f"{name}.{p}.{kind}"].T if kind == "weight" else self[f"{name}.{p}.{kind}"] for p in ("query", "key", "value")])
        return {
            f"{target}.in_proj_weight": part("weight"),
            f"{target}.in_proj_bias": part("bias"),
            f"{target}.out_proj.weight": self[f"{name}.output.weight"].T,
            f"{target}.out_proj.bias": self[f"{name}.output.bias"],
        }

    def torch_linear(self, name, target):
        return {f"{target}.weight": self[f"{name}.weight"].T, f"{target}.bias": self[f"{name}.bias"]}

    def torch_norm(self, name, target):
        return {f"{target}.{kind}": self[f"{name}.{kind}"] for kind in ("weight", "bias") if f"{name}.{kind}" in self}


def leaf(tensor):
    return tensor.float().double().requires_grad_()


def save(name, weights, inputs, outputs, buffers={}):
    """`inputs` of floats are leaves; those of integers are sizes and lengths. A single part may be called `layer`. Buffers have no gradient."""
    objective = sum(
        (output * torch.cos(1.7 * torch.arange(output.numel(), dtype=torch.float64)).reshape(output.shape)).sum()
        for output in outputs.values()
    )
    differentiable = {f"weight.{key.removeprefix('layer.')}": value for key, value in weights.items()}
    differentiable |= {f"input.{key}": value for key, value in inputs.items() if value.is_floating_point()}
    gradients = torch.autograd.grad(objective, list(differentiable.values()))
    tensors = {key: value.detach().float() for key, value in differentiable.items()}
    tensors |= {f"weight.{key}": value.detach().float() for key, value in buffers.items()}
    tensors |= {f"input.{key}": value.int() for key, value in inputs.items() if not value.is_floating_point()}
    tensors |= {f"output.{key}": value.detach().float() for key, value in outputs.items()}
    tensors |= {f"gradient.{key}": gradient.float() for key, gradient in zip(differentiable, gradients)}
    file = OUT / f"{name}.golden.safetensors"
    safetensors.torch.save_file({key: value.contiguous() for key, value in tensors.items()}, file)
    print(f"{file.name}: {file.stat().st_size} bytes")
