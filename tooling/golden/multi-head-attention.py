"""torch.nn.functional.scaled_dot_product_attention with grouped heads, other widths of values and of the memory."""
import torch

from structure_golden import Weights, leaf, save

weights = Weights(1)
weights.attention("layer", 6, heads=4, kv_heads=2, head=3, value_head=5, memory=7)
x, memory = leaf(weights.normal(2, 3, 6)), leaf(weights.normal(2, 4, 7))
added, memory_added = leaf(weights.normal(3, 6)), leaf(weights.normal(2, 4, 7))
lengths = torch.tensor([4, 2])

split = lambda t, heads: t.unflatten(-1, (heads, -1)).transpose(1, 2)
visible = (torch.arange(4) < lengths[:, None])[:, None, None, :]
heads = torch.nn.functional.scaled_dot_product_attention(
    split(weights.apply("layer.query", x + added), 4),
    split(weights.apply("layer.key", memory + memory_added), 2),
    split(weights.apply("layer.value", memory), 2),
    attn_mask=visible,
    enable_gqa=True,
)
output = weights.apply("layer.output", heads.transpose(1, 2).flatten(2))
save(
    "attention/multi-head-attention",
    weights,
    {"x": x, "memory": memory, "queryPositions": added, "keyPositions": memory_added, "lengths": lengths},
    {"output": output},
)
