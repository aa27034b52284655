"""Golden values for packages/node/src/backend/start-backend.loss-curves.test.ts: the losses of a small Transformer language model over 100
steps of Adam, by torch in float64, with the weights it began with and the batches it saw.

    python tooling/golden/loss-curve.py

Made with torch 2.15.0.
"""

import pathlib

import safetensors.torch
import torch
import torch.nn.functional as F

from structure_golden import Weights

LAYERS, WIDTH, HEADS, LENGTH, BATCH, BATCHES, STEPS, RATE = 2, 16, 2, 12, 4, 10, 100, 3e-3
FILE = pathlib.Path(__file__).parents[2] / "packages/node/src/backend/loss-curve.golden.safetensors"

# William Shakespeare, Sonnet 18 (1609)
TEXT = """Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date:
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimmed;
And every fair from fair sometime declines,
By chance or nature's changing course untrimmed;
But thy eternal summer shall not fade
Nor lose possession of that fair thou owest;
Nor shall Death brag thou wander'st in his shade,
When in eternal lines to time thou growest:
So long as men can breathe or eyes can see,
So long lives this, and this gives life to thee.
"""
LETTERS = sorted(set(TEXT))

ids = torch.tensor([LETTERS.index(letter) for letter in TEXT])
starts = torch.randint(len(ids) - LENGTH, (BATCHES, BATCH), generator=torch.Generator().manual_seed(5))
windows = torch.stack([torch.stack([ids[start : start + LENGTH + 1] for start in batch]) for batch in starts])
inputs, targets = windows[:, :, :-1], windows[:, :, 1:]

weights = Weights(18)
weights.add("letters.weight", len(LETTERS), WIDTH, scale=0.1)
weights.add("positions.weight", LENGTH, WIDTH, scale=0.1)
for layer in range(LAYERS):
    weights.attention(f"blocks.{layer}.attention", WIDTH, HEADS)
    weights.norm(f"blocks.{layer}.attentionNorm", WIDTH)
    weights.feed_forward(f"blocks.{layer}.feedForward", WIDTH, 4 * WIDTH)
    weights.norm(f"blocks.{layer}.feedForwardNorm", WIDTH)
weights.norm("norm", WIDTH)
initial = {f"weight.{name}": value.detach().float().contiguous().clone() for name, value in weights.items()}


def norm(name, x):
    return F.layer_norm(x, (WIDTH,), weights[f"{name}.weight"], weights[f"{name}.bias"])


def attention(name, x):
    query, key, value = (
        weights.apply(f"{name}.{part}", x).unflatten(2, (HEADS, -1)).transpose(1, 2) for part in ("query", "key", "value")
    )
    mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    return weights.apply(f"{name}.output", mixed.transpose(1, 2).flatten(2))


def feed_forward(name, x):
    return weights.apply(f"{name}.output", F.gelu(weights.apply(f"{name}.hidden", x)))


def loss_of(inputs, targets):
    x = weights["letters.weight"][inputs] + weights["positions.weight"]
    for layer in range(LAYERS):
        at = f"blocks.{layer}."
        x = x + attention(at + "attention", norm(at + "attentionNorm", x))
        x = x + feed_forward(at + "feedForward", norm(at + "feedForwardNorm", x))
    logits = norm("norm", x) @ weights["letters.weight"].T
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


optimizer = torch.optim.Adam(weights.values(), lr=RATE)
losses = []
for step in range(STEPS):
    loss = loss_of(inputs[step % BATCHES], targets[step % BATCHES])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())

tensors = initial | {"inputs": inputs.int().contiguous(), "targets": targets.int().contiguous()}
tensors |= {"losses": torch.tensor(losses, dtype=torch.float32)}
safetensors.torch.save_file(tensors, FILE)
print(f"{FILE.name}: {FILE.stat().st_size} bytes, {len(LETTERS)} letters, loss {losses[0]:.3f} to {losses[-1]:.3f}")
