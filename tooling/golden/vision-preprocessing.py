"""Golden values for packages/vision/src/preprocessing: pictures as the Pillow processors of Hugging Face's transformers make them numbers.

    python tooling/golden/vision-preprocessing.py

needs torch, transformers, Pillow and safetensors (made with torch 2.15.0, transformers 5.23.0, Pillow 13.0.0, safetensors 0.8). Writes two pictures of
odd sizes and their numbers by three configs beside the test.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from transformers import CLIPImageProcessorPil, ViTImageProcessorPil

FILE = Path(__file__).parents[2] / "packages/vision/src/preprocessing/image-reader.golden.safetensors"
random = np.random.default_rng(2019)


def photo(height, width):
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 100 * np.sin(x / (3 + c) + c) * np.cos(y / (4 - c)) + random.normal(0, 20, (height, width)) for c in range(3)]
    return np.stack(waves, -1).clip(0, 255).astype(np.uint8)


photos = {"wide": photo(23, 41), "tall": photo(37, 19)}
processors = {
    "stretch": ViTImageProcessorPil(size={"height": 12, "width": 20}, resample=2),
    "bicubic": ViTImageProcessorPil(
        size={"height": 16, "width": 16}, resample=3, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]
    ),
    "crop": CLIPImageProcessorPil(
        size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16}, image_mean=[0.48, 0.46, 0.41], image_std=[0.27, 0.26, 0.28]
    ),
}
tensors = {f"photo/{name}": value for name, value in photos.items()}
for kind, processor in processors.items():
    for name, value in photos.items():
        numbers = processor(Image.fromarray(value), return_tensors="np")["pixel_values"][0]
        tensors[f"{kind}/{name}"] = np.ascontiguousarray(numbers.transpose(1, 2, 0).astype(np.float32))
save_file(tensors, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
