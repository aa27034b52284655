"""Golden values for packages/vision/src/models/vit: a ViTForImageClassification of Hugging Face's transformers, created tiny with a fixed seed.

    python tooling/golden/vision-vit.py

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0, safetensors 0.8). Writes the weights as transformers saves
them, two pictures with logits, loss and the gradient of every weight, and the logits of larger pictures that are no squares, whose positions are
resized, beside the model's test.
"""

import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import ViTConfig, ViTForImageClassification

FILE = Path(__file__).parents[2] / "packages/vision/src/models/vit/vit.golden.safetensors"

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

torch.manual_seed(2019)
config = ViTConfig(
    image_size=8,
    patch_size=4,
    num_channels=3,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=12,
    num_labels=3,
    initializer_range=0.5,
)
model = ViTForImageClassification(config).eval()
with torch.no_grad():
    for parameter in model.parameters():  # biases and norms that do something
        parameter += 0.2 * torch.randn_like(parameter)

images = torch.randn(2, 3, 8, 8)
larger = torch.randn(2, 3, 20, 16)
labels = torch.tensor([2, 0])
with torch.no_grad():
    larger_logits = model(larger, interpolate_pos_encoding=True).logits
output = model(images, labels=labels)
output.loss.backward()


def saved(of):
    """Under the names that transformers saves by."""
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), of, strict=True):
            parameter.copy_(value)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return load_file(Path(folder) / "model.safetensors")


gradients = [parameter.grad.clone() for parameter in model.parameters()]
weights = saved([parameter.detach().clone() for parameter in model.parameters()])
tensors = {
    "images": images.permute(0, 2, 3, 1),
    "larger": larger.permute(0, 2, 3, 1),
    "labels": labels.int(),
    "logits": output.logits,
    "loss": output.loss,
    "largerLogits": larger_logits,
    **{f"weights/{name}": value for name, value in weights.items()},
    **{f"gradients/{name}": value for name, value in saved(gradients).items()},
}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes", *sorted(weights)[:6])
