"""torch.nn.functional.scaled_dot_product_attention, the fused call."""

import os

import torch
import torch.nn.functional as F

torch.set_num_threads(os.cpu_count() or 1)


def prepare(case):
    generator = torch.Generator().manual_seed(7)
    heads, length, width = case["heads"], case["length"], case["width"]
    query, key, value = (
        torch.randn(1, heads, length, width, generator=generator, requires_grad=case["gradient"]) for _ in range(3)
    )

    def run():
        if not case["gradient"]:
            with torch.no_grad():
                return F.scaled_dot_product_attention(query, key, value)
        result = F.scaled_dot_product_attention(query, key, value)
        return torch.autograd.grad(result.sum(), (query, key, value))

    return run
