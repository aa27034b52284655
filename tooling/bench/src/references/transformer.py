"""Heed's Transformer encoder–decoder in PyTorch, from a folder that `Translator.save` wrote: pre-norm, ReLU, sinusoids, one table of embeddings."""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn


def linear(weights, *names):
    """A linear layer; of several names, several of one size side by side in one."""
    matrices = [weights[f"{name}.weight"] for name in names]
    layer = nn.Linear(matrices[0].shape[0], sum(matrix.shape[1] for matrix in matrices))
    layer.weight = nn.Parameter(torch.cat([matrix.T for matrix in matrices]).contiguous())
    layer.bias = nn.Parameter(torch.cat([weights[f"{name}.bias"] for name in names]))
    return layer


def norm(weights, name):
    layer = nn.LayerNorm(weights[f"{name}.weight"].shape[0])
    layer.weight, layer.bias = (nn.Parameter(weights[f"{name}.{part}"]) for part in ("weight", "bias"))
    return layer


class Attention(nn.Module):
    """Queries, keys and values from one product, or keys and values of a memory from one; fused attention."""

    def __init__(self, weights, name, config, memory=False):
        super().__init__()
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        self.heads, self.dropout, self.memory = config["heads"], config["dropout"], memory
        self.projection = linear(weights, *parts[: 1 if memory else 3])
        self.memory_projection = linear(weights, *parts[1:]) if memory else None
        self.output = linear(weights, f"{name}.output")

    def split(self, x, count):
        """[B, L, count·M] as `count` of [B, H, L, D]."""
        batch, length, width = x.shape
        return x.view(batch, length, count, self.heads, width // count // self.heads).permute(2, 0, 3, 1, 4)

    def project(self, x):
        return self.split(self.projection(x), 1 if self.memory else 3)

    def prepare(self, memory):
        return self.split(self.memory_projection(memory), 2)

    def mix(self, query, key, value, mask=None, causal=False):
        dropout = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=causal, dropout_p=dropout)
        batch, heads, length, depth = mixed.shape
        return self.output(mixed.transpose(1, 2).reshape(batch, length, heads * depth))


class Block(nn.Module):
    def __init__(self, weights, name, config, decoder):
        super().__init__()
        own = "selfAttention" if decoder else "attention"
        self.attention, self.attention_norm = Attention(weights, f"{name}.{own}", config), norm(weights, f"{name}.{own}Norm")
        if decoder:
            self.cross = Attention(weights, f"{name}.crossAttention", config, memory=True)
            self.cross_norm = norm(weights, f"{name}.crossAttentionNorm")
        self.inner, self.outer = (linear(weights, f"{name}.feedForward.{part}") for part in ("hidden", "output"))
        self.feed_forward_norm = norm(weights, f"{name}.feedForwardNorm")
        self.drop = nn.Dropout(config["dropout"])

    def feed_forward(self, x):
        return x + self.drop(self.outer(self.drop(F.relu(self.inner(self.feed_forward_norm(x))))))

    def encode(self, x, mask):
        x = x + self.drop(self.attention.mix(*self.attention.project(self.attention_norm(x)), mask))
        return self.feed_forward(x)

    def decode(self, x, memory, mask):
        x = x + self.drop(self.attention.mix(*self.attention.project(self.attention_norm(x)), causal=True))
        (query,) = self.cross.project(self.cross_norm(x))
        x = x + self.drop(self.cross.mix(query, *self.cross.prepare(memory), mask))
        return self.feed_forward(x)

    def step(self, x, cache, memory, mask):
        """One token a row. `cache` has keys and values, [2, B, H, length, D], and how many are written."""
        query, key, value = self.attention.project(self.attention_norm(x))
        written, count = cache
        written[:, :, :, count] = torch.stack([key, value])[:, :, :, 0]
        x = x + self.attention.mix(query, *written[:, :, :, : count + 1])
        (query,) = self.cross.project(self.cross_norm(x))
        return self.feed_forward(x + self.cross.mix(query, *memory, mask))


class Transformer(nn.Module):
    def __init__(self, folder):
        super().__init__()
        folder = Path(folder)
        config = json.loads((folder / "config.json").read_text())["config"]
        weights = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.start, self.end = (self.tokenizer.token_to_id(token) for token in ("<s>", "</s>"))
        self.config = config
        self.table = nn.Embedding.from_pretrained(weights["source.symbols.weight"], freeze=False)
        self.encoder, self.decoder = (
            nn.ModuleList(Block(weights, f"{part}.{i}", config, part == "decoder") for i in range(config["layers"]))
            for part in ("encoder", "decoder")
        )
        self.encoder_norm, self.decoder_norm = norm(weights, "encoderNorm"), norm(weights, "decoderNorm")
        self.drop = nn.Dropout(config["dropout"])
        width = config["width"]
        angles = torch.arange(2 * config["maximumTokens"])[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
        self.register_buffer("positions", torch.stack([angles.sin(), angles.cos()], 2).flatten(1))

    def tokenize(self, texts):
        """Token numbers of each text, special ones left out."""
        special = {self.start, self.end}
        encoded = self.tokenizer.encode_batch(texts, add_special_tokens=False)
        return [[token for token in encoding.ids if token not in special] for encoding in encoded]

    def embed(self, symbols, start=0):
        length = symbols.shape[1]
        return self.drop(self.table(symbols) * math.sqrt(self.config["width"]) + self.positions[start : start + length])

    def encode(self, source, lengths):
        """Hidden states of the sources, [B, S, M], and which are real, [B, 1, 1, S]."""
        real = (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None, :]
        x = self.embed(source)
        for block in self.encoder:
            x = block.encode(x, real)
        return self.encoder_norm(x), real

    def logits(self, x):
        return self.decoder_norm(x) @ self.table.weight.T

    def forward(self, source, lengths, target_inputs):
        memory, real = self.encode(source, lengths)
        x = self.embed(target_inputs)
        for block in self.decoder:
            x = block.decode(x, memory, real)
        return self.logits(x)


class Decoding:
    """Targets of a batch of sources, token by token, keys and values kept."""

    def __init__(self, model, source, lengths, beams, maximum):
        self.model, self.count = model, 0
        memory, real = model.encode(source, lengths)
        self.real = real.repeat_interleave(beams, 0)
        self.memory = [block.cross.prepare(memory).repeat_interleave(beams, 1) for block in model.decoder]
        shape = [2, len(source) * beams, model.config["heads"], maximum, model.config["width"] // model.config["heads"]]
        self.written = [torch.zeros(shape) for _ in model.decoder]
        self.spare = torch.zeros(shape)  # what is reordered goes there: nothing is allocated

    def step(self, symbols):
        """[rows] → logits [rows, V]"""
        x = self.model.embed(symbols[:, None], self.count)
        for block, written, memory in zip(self.model.decoder, self.written, self.memory):
            x = block.step(x, (written, self.count), memory, self.real)
        self.count += 1
        return self.model.logits(x[:, 0])

    def reorder(self, rows):
        both = torch.cat([rows, rows + len(rows)])
        for i, written in enumerate(self.written):
            torch.index_select(written.flatten(0, 1), 0, both, out=self.spare.flatten(0, 1))
            self.written[i], self.spare = self.spare, written
