"""Golden values for packages/vision/src/models/swin: a SwinForImageClassification of Hugging Face's transformers, created tiny with a fixed seed.

    python tooling/golden/vision-swin.py

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0, safetensors 0.8). Writes the weights as transformers saves
them, two pictures that are no squares, whose maps are no multiples of the window, with logits, loss and the gradient of every weight, beside the
model's test.
"""

import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import SwinConfig, SwinForImageClassification

FILE = Path(__file__).parents[2] / "packages/vision/src/models/swin/swin.golden.safetensors"

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

torch.manual_seed(2019)
config = SwinConfig(
    image_size=20,
    patch_size=2,
    num_channels=3,
    embed_dim=4,
    depths=[2, 2],
    num_heads=[1, 2],
    window_size=3,
    mlp_ratio=2.0,
    drop_path_rate=0.0,
    num_labels=3,
    initializer_range=0.5,
)
model = SwinForImageClassification(config).eval()
with torch.no_grad():
    for parameter in model.parameters():  # biases and norms that do something
        parameter += 0.2 * torch.randn_like(parameter)

images, labels = torch.randn(2, 3, 19, 25), torch.tensor([2, 0])
output = model(images, labels=labels, interpolate_pos_encoding=True)
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
    "labels": labels.int(),
    "logits": output.logits,
    "loss": output.loss,
    **{f"weights/{name}": value for name, value in weights.items()},
    **{f"gradients/{name}": value for name, value in saved(gradients).items()},
}
save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
