"""Python `transformers` on published weights: from texts to labels and answers; Rust tokenizers, batches of similar length, inference mode."""

import json
from pathlib import Path

import numpy as np
import torch
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)

LONGEST_ANSWER = 15


def prepare(case):
    folder = Path(case["folder"])
    texts = json.loads((folder / "sentences.json").read_text())
    kind, run = TASKS[case["task"]]
    model = kind.from_pretrained(folder / case["task"]).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder / case["task"])
    inputs = INPUTS[case["task"]](texts, case["count"])

    def inference():
        with torch.inference_mode():
            return run(model, tokenizer, inputs, case["batchSize"])

    return inference


def batches(tokenizer, encodings, size):
    """Indices with what the model reads of them, those of similar length together."""
    ids = encodings["input_ids"]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for start in range(0, len(order), size):
        members = order[start : start + size]
        part = {name: [encodings[name][i] for i in members] for name in encodings}
        yield members, tokenizer.pad(part, return_tensors="pt")


def classify(model, tokenizer, texts, size):
    labels, probabilities = [None] * len(texts), [None] * len(texts)
    names = model.config.id2label
    for members, batch in batches(tokenizer, tokenizer(texts), size):
        shares = model(**batch).logits.softmax(-1)
        for i, best, row in zip(members, shares.argmax(-1).tolist(), shares):
            labels[i], probabilities[i] = names[best], row
    return labels, probabilities


def tag(model, tokenizer, sentences, size):
    tagged = [None] * len(sentences)
    names = model.config.id2label
    encodings = tokenizer(sentences, is_split_into_words=True)
    for members, batch in batches(tokenizer, encodings, size):
        likeliest = model(**batch).logits.argmax(-1).tolist()
        for i, row in zip(members, likeliest):
            words = encodings.word_ids(i)
            first = [place for place, word in enumerate(words) if word is not None and word != words[place - 1]]
            tagged[i] = " ".join(names[row[place]] for place in first)
    return tagged


def answer(model, tokenizer, asked, size):
    answers, scores = [None] * len(asked), [None] * len(asked)
    questions, contexts = zip(*asked)
    encodings = tokenizer(list(questions), list(contexts))
    for members, batch in batches(tokenizer, encodings, size):
        logits = model(**batch)
        for i, starts, ends in zip(members, logits.start_logits.numpy(), logits.end_logits.numpy()):
            encoding = encodings[i]
            places = [place for place, sequence in enumerate(encoding.sequence_ids) if sequence == 1]
            # as the pipeline does it: the first token of all stands for no answer
            begins, stops = (softmax(values[[0, *places]])[1:] for values in (starts, ends))
            spans = np.tril(np.triu(np.outer(begins, stops)), LONGEST_ANSWER - 1)
            start, end = np.unravel_index(spans.argmax(), spans.shape)
            first, last = (encoding.word_to_chars(encoding.word_ids[places[at]], 1) for at in (start, end))
            answers[i], scores[i] = contexts[i][first[0] : last[1]], spans[start, end]
    return answers, [torch.tensor(scores)]


def softmax(values):
    powers = np.exp(values - values.max())
    return powers / powers.sum()


def questions(texts, count):
    """A question about every four sentences."""
    asked = ["What is the film about?", "Who is it for?", "How does it end?", "What is the best of it?"]
    return [(asked[i % 4], " ".join(texts[4 * i : 4 * i + 4])) for i in range(count)]


TASKS = {
    "classifier": (AutoModelForSequenceClassification, classify),
    "tagger": (AutoModelForTokenClassification, tag),
    "answerer": (AutoModelForQuestionAnswering, answer),
}
INPUTS = {
    "classifier": lambda texts, count: texts[:count],
    "tagger": lambda texts, count: [text.split() for text in texts[:count]],
    "answerer": questions,
}
