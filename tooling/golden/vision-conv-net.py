"""Golden values for packages/vision/src/models/conv-net: torch's layers put together as a residual network with gates.

    python tooling/golden/vision-conv-net.py

needs torch and safetensors (made with torch 2.15.0, safetensors 0.8). For each kind of gates it writes weights and running statistics under Heed's
names and layouts, logits of two pictures of 6 × 5 by the running statistics, and by the batch's loss and the gradient of every weight, beside the
model's test.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

FILE = Path(__file__).parents[2] / "packages/vision/src/models/conv-net/conv-net.golden.safetensors"
WIDTHS, REDUCTION, CLASSES = (4, 6), 2, 3


class Normed(nn.Module):
    def __init__(self, inputs, outputs, size, stride):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, size, stride, (size - 1) // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.norm(self.convolution(x))


class Gates(nn.Module):
    def __init__(self, channels, places):
        super().__init__()
        self.squeeze, self.excite = nn.Linear(channels, channels // REDUCTION), nn.Linear(channels // REDUCTION, channels)
        self.places = nn.Conv2d(2, 1, 7, padding=3, bias=False) if places else None

    def forward(self, x):
        judge = lambda summary: self.excite(F.relu(self.squeeze(summary)))
        if self.places is None:
            return x * judge(x.mean((2, 3))).sigmoid()[..., None, None]
        x = x * (judge(x.mean((2, 3))) + judge(x.amax((2, 3)))).sigmoid()[..., None, None]
        return x * self.places(torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)).sigmoid()


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, kind):
        super().__init__()
        self.first, self.second = Normed(inputs, outputs, 3, stride), Normed(outputs, outputs, 3, 1)
        self.gates = None if kind == "none" else Gates(outputs, kind == "convolutional-block")
        self.shortcut = Normed(inputs, outputs, 1, stride) if inputs != outputs or stride != 1 else None

    def forward(self, x):
        y = self.second(F.relu(self.first(x)))
        y = y if self.gates is None else self.gates(y)
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class Net(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.stem = Normed(3, WIDTHS[0], 3, 1)
        self.blocks = nn.ModuleList([Block(WIDTHS[0], WIDTHS[0], 1, kind), Block(WIDTHS[0], WIDTHS[1], 2, kind)])
        self.head = nn.Linear(WIDTHS[1], CLASSES)

    def forward(self, x):
        x = F.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


def ours(name, value):
    """Heed's name and layout."""
    if name.endswith("places.weight"):
        name = name.removesuffix(".weight")
    name = name.replace("running_mean", "runningMean").replace("running_var", "runningVariance")
    return name, value.permute(2, 3, 1, 0) if value.ndim == 4 else value.T if value.ndim == 2 else value


torch.manual_seed(2019)
images, labels = torch.randn(2, 3, 6, 5), torch.tensor([2, 0])
tensors = {"images": images.permute(0, 2, 3, 1), "labels": labels.int()}
for kind in ("none", "squeeze-excitation", "convolutional-block"):
    net = Net(kind)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
        for name, value in net.named_buffers():
            if "running" in name:
                value += torch.rand_like(value)
    state = {name: value.clone() for name, value in net.state_dict().items() if "num_batches" not in name}
    tensors |= {f"{kind}/weights/{name}": value for name, value in (ours(*item) for item in state.items())}
    tensors[f"{kind}/logits"] = net.eval()(images)
    loss = F.cross_entropy(net.train()(images), labels)
    loss.backward()
    tensors[f"{kind}/loss"] = loss
    gradients = (ours(name, parameter.grad) for name, parameter in net.named_parameters())
    tensors |= {f"{kind}/gradients/{name}": value for name, value in gradients}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
