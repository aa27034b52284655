"""Golden values for packages/nlp/src/models/bert and tasks: a BertForQuestionAnswering of Hugging Face's transformers, created tiny with a fixed
seed.

    python tooling/golden/nlp-bert-question-answering.py

needs torch, transformers, tokenizers and safetensors (made with torch 2.15.0, transformers 5.23.0, tokenizers 0.23.3, safetensors 0.8). Writes what
`save_pretrained` writes of the weights; a batch with its answers, both logits, loss and the gradient of every weight of that loss; and of a question
on a text that takes several windows, what Python's tokenizer makes of the windows, and the likeliest answers (first character, character after the
last, probability), found by trying all spans, with the probability that there is none: as transformers' pipeline weighs them.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForQuestionAnswering

FILE = Path(__file__).parents[2] / "packages/nlp/src/models/bert/bert-question-answering.golden.safetensors"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "cat", "dog", "sat", "##s", "the", ".", "who", "?"]
QUESTION = "Who sat?"
TEXT = "The cats sat. A dog, the dogs."
LONGEST, STRIDE, ANSWER = 11, 2, 3

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False

tokenizer = Tokenizer(models.WordPiece(vocab={word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
)

torch.manual_seed(1606)
config = BertConfig(
    vocab_size=len(WORDS),
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=12,
    max_position_embeddings=LONGEST,
    type_vocab_size=2,
    initializer_range=0.5,
)
model = BertForQuestionAnswering(config).eval()
# the loss's softmax sees padding: its true gradient, where torch leaves the padding token's out
model.bert.embeddings.word_embeddings.padding_idx = None
with torch.no_grad():
    for parameter in model.parameters():  # biases and norms that do something
        parameter += 0.2 * torch.randn_like(parameter)

tokens = torch.tensor([[2, 11, 7, 12, 3, 9, 5, 8, 7, 3], [2, 11, 3, 4, 6, 3, 0, 0, 0, 0]])
token_types = torch.tensor([[0, 0, 0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 0, 0, 0, 0]])
lengths = torch.tensor([10, 6])
starts, ends = torch.tensor([5, 0]), torch.tensor([7, 0])  # the second has no answer: both at [CLS]
real = (torch.arange(tokens.shape[1])[None] < lengths[:, None]).long()
output = model(
    input_ids=tokens, token_type_ids=token_types, attention_mask=real, start_positions=starts, end_positions=ends
)
output.loss.backward()

tokenizer.enable_truncation(LONGEST, stride=STRIDE, strategy="only_second")
first = tokenizer.encode(QUESTION, TEXT)
windows = [first, *first.overflowing]
answers, none = {}, 1.0  # (start, end) in characters: probability
for window in windows:
    with torch.no_grad():
        logits = model(
            input_ids=torch.tensor([window.ids]),
            token_type_ids=torch.tensor([window.type_ids]),
            attention_mask=torch.tensor([window.attention_mask]),
        )
    text = [i for i, part in enumerate(window.sequence_ids) if part == 1]
    asked = torch.zeros(len(window.ids), dtype=bool)
    asked[[0, *text]] = True  # [CLS] stands for no answer
    start, end = (
        torch.softmax(each[0].masked_fill(~asked, -1e4), 0) for each in (logits.start_logits, logits.end_logits)
    )
    none = min(none, float(start[0] * end[0]))
    for i in text:
        for j in range(i, min(i + ANSWER, text[-1] + 1)):
            first_word, last_word = window.token_to_word(i), window.token_to_word(j)
            span = (window.word_to_chars(first_word, 1)[0], window.word_to_chars(last_word, 1)[1])
            answers[span] = max(answers.get(span, 0.0), float(start[i] * end[j]))
best = sorted(([*span, probability] for span, probability in answers.items()), key=lambda answer: -answer[2])[:6]

with TemporaryDirectory() as folder:
    model.save_pretrained(folder)
    weights = load_file(Path(folder) / "model.safetensors")
longest = max(len(window.ids) for window in windows)
tensors = {
    "tokens": tokens.int(),
    "tokenTypes": token_types.int(),
    "lengths": lengths.int(),
    "starts": starts.int(),
    "ends": ends.int(),
    "startLogits": output.start_logits,
    "endLogits": output.end_logits,
    "loss": output.loss,
    "windows": torch.tensor([[*window.ids, *[0] * (longest - len(window.ids))] for window in windows]).int(),
    "answers": torch.tensor(best),
    "none": torch.tensor(none),
    **{f"weights/{name}": weight for name, weight in weights.items()},
    **{f"gradients/{name}": parameter.grad for name, parameter in model.named_parameters()},
}
save_file({name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}, FILE)
FILE.chmod(0o644)
print(f"{FILE.name}: {len(tensors)} tensors, {FILE.stat().st_size} bytes")
for window in windows:
    print(window.tokens)
for start, end, probability in best:
    print(repr(TEXT[start:end]), f"{probability:.4f}, none {none:.4f}")
