"""Translating with a Transformer in eager PyTorch: keys and values kept, Rust tokenizers, batches of similar length, inference mode."""

import json
from pathlib import Path

import torch
from transformer import Decoding, Transformer

# As the Translator has it.
LENGTH_PENALTY = 1.0


def prepare(case):
    folder = Path(case["folder"])
    model = Transformer(folder / "translator").eval()
    texts = json.loads((folder / "sources.json").read_text())[: case["count"]]

    def run():
        with torch.inference_mode():
            return translate(model, texts, case["beams"], case["batchSize"])

    return run


def translate(model, texts, beams, size):
    sources = model.tokenize(texts)
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    found = [None] * len(texts)
    for first in range(0, len(order), size):
        members = order[first : first + size]
        lengths = torch.tensor([len(sources[i]) for i in members])
        source = torch.nn.utils.rnn.pad_sequence([torch.tensor(sources[i]) for i in members], batch_first=True)
        limits = (2 * lengths + 10).clamp(max=model.config["maximumTokens"])
        search = greedy if beams == 1 else beam_search
        for i, symbols in zip(members, search(model, source, lengths, beams, limits)):
            found[i] = symbols
    return [text.strip() for text in model.tokenizer.decode_batch(found)]


def greedy(model, source, lengths, _, limits):
    decoding = Decoding(model, source, lengths, 1, limits.max())
    symbols = torch.full([len(source)], model.start)
    ended = torch.zeros(len(source), dtype=torch.bool)
    scores, written = torch.zeros(len(source)), []
    for length in range(1, limits.max() + 1):
        best = decoding.step(symbols).log_softmax(1).max(1)
        symbols = best.indices
        scores += torch.where(ended, 0.0, best.values)
        written.append(torch.where(ended, model.end, symbols))
        ended |= (symbols == model.end) | (length >= limits)
        if ended.all():
            break
    return [[symbol for symbol in row if symbol != model.end] for row in torch.stack(written, 1).tolist()]


class Search:
    """The beams of one source."""

    def __init__(self, beams, end, maximum):
        self.beams, self.end, self.maximum = beams, end, maximum
        self.live, self.ended, self.done = [([], 0.0)], [], False

    def advance(self, candidates, length):
        """Candidates, best first, are (log-probability, beam, symbol). Gives the beams that go on, as (beam, symbol)."""
        following, chosen = [], []
        for probability, beam, symbol in candidates:
            symbols = self.live[beam][0]
            if symbol == self.end:
                self.ended.append((score(probability, length), symbols))
                self.ended = sorted(self.ended, key=lambda found: -found[0])[: self.beams]
            elif len(following) < self.beams:
                following.append(([*symbols, symbol], probability))
                chosen.append((beam, symbol))
        self.live = following
        self.done = length == self.maximum or self.is_decided(length)
        return chosen

    def is_decided(self, length):
        """Whether no beam can still come among the best: at best it loses no more probability and ends at the length that suits it."""
        if len(self.ended) < self.beams:
            return False
        best = self.live[0][1]
        return self.ended[-1][0] >= max(score(best, length + 1), score(best, self.maximum))

    def best(self):
        if self.ended:
            return self.ended[0][1]
        return max(self.live, key=lambda beam: score(beam[1], len(beam[0])))[0]


def score(probability, length):
    return probability / length**LENGTH_PENALTY


def beam_search(model, source, lengths, beams, limits):
    decoding = Decoding(model, source, lengths, beams, limits.max())
    searches = [Search(beams, model.end, limit) for limit in limits.tolist()]
    symbols = torch.full([len(source) * beams], model.start)
    totals = torch.zeros(len(source), beams)
    totals[:, 1:] = -torch.inf  # all begin alike
    first_rows = torch.arange(len(source))[:, None] * beams
    for length in range(1, limits.max() + 1):
        shares = decoding.step(symbols).log_softmax(1).view(len(source), beams, -1) + totals[:, :, None]
        best = shares.flatten(1).topk(2 * beams)
        parents, tokens = best.indices // shares.shape[2], best.indices % shares.shape[2]
        listed = zip(best.values.tolist(), parents.tolist(), tokens.tolist())
        chosen = [
            [(0, model.end)] * beams if search.done else search.advance(zip(*candidates), length)
            for search, candidates in zip(searches, listed)
        ]
        if all(search.done for search in searches):
            break
        picked = torch.tensor(chosen)  # [sources, beams, 2]
        symbols = picked[:, :, 1].flatten()
        decoding.reorder((first_rows + picked[:, :, 0]).flatten())
        totals = torch.tensor([[probability for _, probability in search.live] for search in searches])
    return [search.best() for search in searches]
