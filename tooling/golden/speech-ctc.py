"""Golden values for packages/speech/src/losses: torch.nn.functional.ctc_loss and its gradient by the logits.

    python tooling/golden/speech-ctc.py

needs torch and safetensors (made with torch 2.15.0, safetensors 0.8), in double precision. Targets have repeats, are empty, just fit and do not fit their sound
(zero_infinity). A second batch is long: 150 steps, 40 symbols.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

FILE = Path(__file__).parents[2] / "packages/speech/src/losses/ctc-loss.golden.safetensors"
torch.manual_seed(2006)
# the last target repeats a symbol and has one step too few
MIXED = ([12, 9, 7, 5, 12, 4], [[1, 2, 3], [2, 2, 4, 4], [], [1, 1, 1], [3, 1, 2, 1, 3, 1], [2, 2, 3, 1]])
LONG = ([150, 120], [torch.randint(1, 20, (40,)).tolist(), torch.randint(1, 20, (25,)).tolist()])


def golden(name, sounds, symbols):
    lengths, targets = sounds
    logits = 2 * torch.randn(len(lengths), max(lengths), symbols, dtype=torch.float64)
    logits = logits.float().double().requires_grad_()
    longest = max(map(len, targets))
    padded = torch.tensor([target + [0] * (longest - len(target)) for target in targets])
    counts = torch.tensor([len(target) for target in targets])
    log_probabilities = logits.log_softmax(-1).transpose(0, 1)
    losses = torch.nn.functional.ctc_loss(log_probabilities, padded, torch.tensor(lengths), counts, reduction="none", zero_infinity=True)
    (losses * torch.arange(1, len(lengths) + 1)).sum().backward()
    integers = {"lengths": torch.tensor(lengths), "targets": padded, "targetLengths": counts}
    floats = {"logits": logits, "losses": losses, "slopes": logits.grad}
    return {
        **{f"{name}/{key}": tensor.int() for key, tensor in integers.items()},
        **{f"{name}/{key}": tensor.detach().float() for key, tensor in floats.items()},
    }


save_file({**golden("mixed", MIXED, 5), **golden("long", LONG, 20)}, FILE)
