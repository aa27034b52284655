"""Golden values for packages/vision/src/models/cct: torch's layers put together in the order of the CCT authors' code.

    python tooling/golden/vision-cct.py

needs torch and safetensors (made with torch 2.15.0, safetensors 0.8). Writes weights under Heed's names and layouts, two pictures of 9 × 7 with
logits, loss and the gradient of every weight, beside the model's test.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

FILE = Path(__file__).parents[2] / "packages/vision/src/models/cct/cct.golden.safetensors"
WIDTH, HEADS, HIDDEN, LAYERS, CLASSES = 8, 2, 12, 2, 3

torch.manual_seed(2019)
convolutions = nn.ModuleList([nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.Conv2d(6, WIDTH, 3, padding=1, bias=False)])
positions = nn.Parameter(torch.randn(1, 3 * 2, WIDTH))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.pre_norm, self.norm1 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.proj = nn.Linear(WIDTH, WIDTH)
        self.linear1, self.linear2 = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)

    def attend(self, x):
        batch, length, _ = x.shape
        q, k, v = self.qkv(x).reshape(batch, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (WIDTH // HEADS) ** -0.5).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, length, WIDTH))

    def forward(self, x):
        x = self.norm1(x + self.attend(self.pre_norm(x)))
        return x + self.linear2(F.gelu(self.linear1(x)))


blocks = nn.ModuleList([Block() for _ in range(LAYERS)])
norm, pooling, head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 1), nn.Linear(WIDTH, CLASSES)
everything = nn.ModuleList([convolutions, blocks, norm, pooling, head])
with torch.no_grad():
    for parameter in everything.parameters():  # biases and norms that do something
        parameter += 0.2 * torch.randn_like(parameter)


def forward(x):
    for convolution in convolutions:
        x = F.max_pool2d(F.relu(convolution(x)), 3, 2, 1)
    x = x.flatten(2).transpose(1, 2) + positions
    for block in blocks:
        x = block(x)
    x = norm(x)
    return head((pooling(x).softmax(1).transpose(-1, -2) @ x).squeeze(-2))


images, labels = torch.randn(2, 3, 9, 7), torch.tensor([2, 0])
logits = forward(images)
loss = F.cross_entropy(logits, labels)
loss.backward()


def named(of):
    """Under Heed's names, kernels and matrices in Heed's layouts."""
    linear = lambda ours, layer: {f"{ours}.weight": of(layer.weight).T, f"{ours}.bias": of(layer.bias)}
    same = lambda ours, layer: {f"{ours}.weight": of(layer.weight), f"{ours}.bias": of(layer.bias)}
    out = {f"convolutions.{i}.weight": of(c.weight).permute(2, 3, 1, 0) for i, c in enumerate(convolutions)}
    out |= {"positions": of(positions), **same("norm", norm), "pooling": of(pooling.weight), **linear("head", head)}
    for i, block in enumerate(blocks):
        for name, part in zip(("query", "key", "value"), of(block.qkv.weight).chunk(3)):
            out[f"layers.{i}.attention.{name}.weight"] = part.T
        out |= linear(f"layers.{i}.attention.output", block.proj)
        out |= same(f"layers.{i}.attentionNorm", block.pre_norm) | same(f"layers.{i}.feedForwardNorm", block.norm1)
        out |= linear(f"layers.{i}.feedForward.hidden", block.linear1) | linear(f"layers.{i}.feedForward.output", block.linear2)
    return out


tensors = {
    "images": images.permute(0, 2, 3, 1),
    "labels": labels.int(),
    "logits": logits,
    "loss": loss,
    **{f"weights/{name}": value for name, value in named(lambda p: p).items()},
    **{f"gradients/{name}": value for name, value in named(lambda p: p.grad).items()},
}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
