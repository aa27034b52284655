"""Golden values for packages/rl/src/models/decision-transformer: Hugging Face's DecisionTransformerModel, tiny and seeded.

    python tooling/golden/rl-decision-transformer.py
    python tooling/golden/rl-decision-transformer.py <folder> <again>

needs torch, transformers and safetensors (made with torch 2.15.0, transformers 5.23.0). Writes weights under Hugging Face's names, inputs, what is predicted,
and the gradients of the mean squared error of actions. With folders it opens what Heed saved in the first, prints the action predicted for the golden inputs
and what loading missed, and saves the model in the second for Heed to open.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

if not torch.cuda.is_available():  # a GPU build of torch without GPU libraries crashes when transformers asks this
    torch.cuda.is_current_stream_capturing = lambda: False
from transformers import DecisionTransformerConfig, DecisionTransformerModel

FILE = Path(__file__).parents[2] / "packages/rl/src/models/decision-transformer/decision-transformer.golden.safetensors"
BATCH, STEPS, STATE, ACTION = 2, 4, 3, 2


def predict(model, given):
    return model(
        states=given["states"],
        actions=given["actions"],
        returns_to_go=given["returnsToGo"][..., None],
        timesteps=given["times"].long(),
        rewards=None,
    )


if len(sys.argv) > 1:
    model, loading = DecisionTransformerModel.from_pretrained(sys.argv[1], output_loading_info=True, dtype=torch.float32)
    with torch.no_grad():
        actions = predict(model.eval(), load_file(FILE)).action_preds
    model.save_pretrained(sys.argv[2])
    print(json.dumps({"actions": actions.flatten().tolist(), "missing": sorted(loading["missing_keys"]), "unexpected": sorted(loading["unexpected_keys"])}))
    sys.exit()

torch.manual_seed(2021)
config = DecisionTransformerConfig(
    state_dim=STATE, act_dim=ACTION, hidden_size=8, n_layer=2, n_head=2, max_ep_len=6, n_positions=3, bos_token_id=None, eos_token_id=None
)
model = DecisionTransformerModel(config).eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.add_(0.2 * torch.randn_like(parameter))
given = {
    "states": torch.randn(BATCH, STEPS, STATE),
    "actions": torch.randn(BATCH, STEPS, ACTION),
    "returnsToGo": torch.randn(BATCH, STEPS),
    "times": torch.tensor([[0, 1, 2, 3], [2, 3, 4, 5]], dtype=torch.int32),
}
predicted = predict(model, given)
loss = torch.nn.functional.mse_loss(predicted.action_preds, given["actions"])
loss.backward()
tensors = {
    **given,
    "predicted actions": predicted.action_preds,
    "predicted states": predicted.state_preds,
    "predicted returns": predicted.return_preds[..., 0],
    "loss": loss,
    **{f"weights/{name}": tensor for name, tensor in model.state_dict().items()},
    **{f"gradients/{name}": parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None},
}
save_file({name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}, FILE)
