"""Golden values for packages/vision/src/images: files and pixels as Pillow has them.

    python tooling/golden/vision-images.py

needs Pillow and safetensors (made with Pillow 13.0.0, safetensors 0.8). Writes small files of every kind that is read, their pixels on white, and
one picture in other sizes by every filter, beside the tests.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from safetensors.numpy import save_file

FILE = Path(__file__).parents[2] / "packages/vision/src/images/images.golden.safetensors"
random = np.random.default_rng(2019)
tensors = {}


def smooth(height, width, channels):
    """Waves and noise: edges for the filters, and something that JPEG keeps."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 100 * np.sin(x / (3 + c) + c) * np.cos(y / (4 - c)) + random.normal(0, 20, (height, width)) for c in range(channels)]
    return np.stack(waves, -1).clip(0, 255).astype(np.uint8)


def on_white(image):
    """As transformers' convert_to_rgb, and the same for a colour that stands for transparent."""
    if image.mode in ("RGB", "L") and "transparency" not in image.info:
        return np.asarray(image)
    ground = Image.new("RGBA", image.size, (255, 255, 255))
    return np.asarray(Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB"))


def encoded(image, **options):
    data = io.BytesIO()
    image.save(data, **options)
    return data.getvalue()


def keep(name, image, pixels=None, **options):
    data = encoded(image, **options)
    tensors[f"file/{name}"] = np.frombuffer(data, np.uint8)
    tensors[f"pixels/{name}"] = on_white(Image.open(io.BytesIO(data))) if pixels is None else pixels


colours = Image.fromarray(smooth(13, 17, 3))
grey = Image.fromarray(smooth(13, 17, 1)[..., 0])
clear = Image.fromarray(np.concatenate([smooth(13, 17, 3), random.integers(0, 256, (13, 17, 1)).astype(np.uint8)], -1))
keep("rgb.png", colours, format="PNG")
keep("grey.png", grey, format="PNG")
keep("alpha.png", clear, format="PNG")
keep("grey-alpha.png", clear.convert("LA"), format="PNG")
keep("palette.png", colours.quantize(16), np.asarray(colours.quantize(16).convert("RGB")), format="PNG")
keep("palette-clear.png", colours.quantize(16), format="PNG", transparency=3)
keep("transparent-colour.png", colours, format="PNG", transparency=tuple(int(v) for v in np.asarray(colours)[2, 3]))
keep("one-bit.png", grey.convert("1"), np.asarray(grey.convert("1")).astype(np.uint8) * 255, format="PNG")
sixteen = Image.fromarray((smooth(13, 17, 1)[..., 0].astype(np.uint16) << 8) | 0x5A)
keep("sixteen-bit.png", sixteen, (np.asarray(sixteen) >> 8).astype(np.uint8), format="PNG")
keep("one-pixel.png", Image.fromarray(smooth(1, 1, 3)), format="PNG")
keep("rgb.jpg", colours, format="JPEG", quality=80)
keep("full.jpg", colours, format="JPEG", quality=95, subsampling=0)
keep("progressive.jpg", colours, format="JPEG", quality=80, progressive=True)
keep("grey.jpg", grey, format="JPEG", quality=80)
tensors["file/cmyk.jpg"] = np.frombuffer(encoded(colours.convert("CMYK"), format="JPEG"), np.uint8)
keep("lossless.webp", colours, format="WEBP", lossless=True)
keep("alpha.webp", clear, format="WEBP", lossless=True, exact=True)
keep("lossy.webp", colours, format="WEBP", quality=80)

for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for ending, options in (("png", {"format": "PNG"}), ("jpg", {"format": "JPEG", "quality": 80})):
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded(colours, exif=exif, **options))))
        keep(f"turned-{orientation}.{ending}", colours, np.asarray(upright), exif=exif, **options)

source = Image.fromarray(smooth(29, 43, 3))
tensors["resize/source"] = np.asarray(source)
for name, filter in (("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC), ("lanczos", Image.LANCZOS)):
    for width, height in ((16, 16), (43, 11), (61, 29), (97, 80), (1, 1), (7, 50), (40, 9), (41, 25), (60, 12)):
        tensors[f"resize/{name}/{width}x{height}"] = np.asarray(source.resize((width, height), filter))
tensors["grey"] = np.asarray(source.convert("L"))

save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, FILE)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
