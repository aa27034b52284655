"""A file of the reference implementation with every dtype that is read, and PyTorch's rounding to two-byte floats,
for packages/attention-core/src/safetensors."""
import json
import pathlib

import safetensors.torch
import torch

OUT = pathlib.Path(__file__).parents[2] / "packages/attention-core/src/safetensors"

DTYPES = dict(
    F64=torch.float64, F32=torch.float32, F16=torch.float16, BF16=torch.bfloat16, I64=torch.int64, I32=torch.int32,
    I16=torch.int16, I8=torch.int8, U8=torch.uint8, U16=torch.uint16, U32=torch.uint32, U64=torch.uint64, BOOL=torch.bool,
)
tensors, expected = {}, {}
for name, dtype in DTYPES.items():
    values = [0, 1, 1, 0, 1, 1] if name == "BOOL" else [0.0, 1.5, -2.25, 65504.0, 2**-24, 1 / 3] if name[0] in "FB" else [0, 1, 2, 100, 127, 5]
    if name[0] == "I":
        values = [-value for value in values]
    tensors[f"a {name} tensor"] = torch.tensor(values, dtype=dtype).reshape(2, 3)
    expected[f"a {name} tensor"] = [float(value) for value in tensors[f"a {name} tensor"].flatten().float()]
tensors["scalar"] = torch.tensor(2.5)
tensors["empty"] = torch.zeros(3, 0)
expected["scalar"], expected["empty"] = [2.5], []
safetensors.torch.save_file(tensors, OUT / "every-dtype.golden.safetensors", metadata={"format": "pt", "naïve": "ключ"})

generator = torch.Generator().manual_seed(3)
bits = torch.randint(-(2**31), 2**31 - 1, [150], generator=generator, dtype=torch.int64).to(torch.int32)
spread = (torch.randn(150, generator=generator) * 2.0 ** torch.randint(-28, 18, [150], generator=generator)).float()
edges = torch.tensor(
    [0.0, -0.0, 1.0, 65504.0, 65519.99, 65520.0, -65520.0, 2**-14, 2**-14 * (1 - 2**-12), 2**-24, 2**-25, 2**-25 * 1.0001,
     3 * 2**-25, 1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-8, 1 + 3 * 2**-8, 3.4e38, float("inf"), float("-inf")]
)
values = torch.cat([bits.view(torch.float32), spread, edges])
values = values[~values.isnan()]
as_bits = lambda tensor: (tensor.view(torch.int16).to(torch.int32) & 0xFFFF).tolist()
(OUT / "half.golden.json").write_text(
    json.dumps(
        {
            "torch": torch.__version__,
            "float32Bits": [bit & 0xFFFFFFFF for bit in values.view(torch.int32).tolist()],
            "float16Bits": as_bits(values.half()),
            "bfloat16Bits": as_bits(values.bfloat16()),
        }
    )
    + "\n"
)
(OUT / "every-dtype.golden.json").write_text(json.dumps(expected) + "\n")
