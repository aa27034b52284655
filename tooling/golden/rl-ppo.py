"""Golden values for packages/rl: PPO's loss and advantages as CleanRL's ppo.py writes them, with torch's own distributions.

    python tooling/golden/rl-ppo.py

needs torch (made with 2.15.0). Writes inputs, the loss, its parts, and its gradients by log-probabilities, values and entropies; log-probabilities
and entropies of torch.distributions.Categorical and Normal; and generalised advantages of steps without time limits.
"""

import json
from pathlib import Path

import torch

FOLDER = Path(__file__).parents[2] / "packages/rl/src"
torch.manual_seed(2017)
COUNT, CLIP, ENTROPY_WEIGHT, VALUE_WEIGHT = 12, 0.2, 0.01, 0.5


def numbers(tensor):
    return tensor.detach().double().flatten().tolist()


def loss_of(clip_values, normalise):
    new, values, entropies = (torch.randn(COUNT, dtype=torch.float64, requires_grad=True) for _ in range(3))
    old = new.detach() + 0.3 * torch.randn(COUNT, dtype=torch.float64)
    old_values = values.detach() + 0.3 * torch.randn(COUNT, dtype=torch.float64)
    advantages, returns = (torch.randn(COUNT, dtype=torch.float64) for _ in range(2))
    scaled = (advantages - advantages.mean()) / (advantages.std() + 1e-8) if normalise else advantages
    ratio = (new - old).exp()
    policy = torch.max(-scaled * ratio, -scaled * torch.clamp(ratio, 1 - CLIP, 1 + CLIP)).mean()
    value = (values - returns) ** 2
    if clip_values:
        clipped = old_values + torch.clamp(values - old_values, -CLIP, CLIP)
        value = torch.max(value, (clipped - returns) ** 2)
    value = 0.5 * value.mean()
    loss = policy - ENTROPY_WEIGHT * entropies.mean() + VALUE_WEIGHT * value
    loss.backward()
    return {
        "clipValues": clip_values,
        "normaliseAdvantages": normalise,
        "inputs": {
            "logProbabilities": numbers(new),
            "values": numbers(values),
            "entropies": numbers(entropies),
            "oldLogProbabilities": numbers(old),
            "oldValues": numbers(old_values),
            "advantages": numbers(advantages),
            "returns": numbers(returns),
        },
        "loss": loss.item(),
        "policyLoss": policy.item(),
        "valueLoss": value.item(),
        "divergence": ((ratio - 1) - (new - old)).mean().item(),
        "clipped": ((ratio - 1).abs() > CLIP).double().mean().item(),
        "gradients": {"logProbabilities": numbers(new.grad), "values": numbers(values.grad), "entropies": numbers(entropies.grad)},
    }


def distributions():
    logits = torch.randn(3, 4, dtype=torch.float64)
    choices = torch.tensor([0, 3, 1])
    categorical = torch.distributions.Categorical(logits=logits)
    mean, deviation = torch.randn(3, 2, dtype=torch.float64), 0.5 * torch.randn(2, dtype=torch.float64)
    actions = torch.randn(3, 2, dtype=torch.float64)
    normal = torch.distributions.Normal(mean, deviation.exp().expand(3, 2))
    return {
        "categorical": {
            "parameters": logits.tolist(),
            "actions": choices[:, None].tolist(),
            "logProbabilities": numbers(categorical.log_prob(choices)),
            "entropies": numbers(categorical.entropy()),
        },
        "gaussian": {
            "parameters": torch.cat([mean, deviation.expand(3, 2)], 1).tolist(),
            "actions": actions.tolist(),
            "logProbabilities": numbers(normal.log_prob(actions).sum(1)),
            "entropies": numbers(normal.entropy().sum(1)),
        },
    }


def advantages(discount=0.99, gae_lambda=0.95):
    steps = 10
    rewards, values = torch.randn(steps, dtype=torch.float64), torch.randn(steps, dtype=torch.float64)
    terminated = torch.tensor([0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
    next_value = torch.randn((), dtype=torch.float64)
    estimates, last = torch.zeros_like(rewards), 0
    for t in reversed(range(steps)):
        nonterminal = 1.0 - terminated[t]
        following = next_value if t == steps - 1 else values[t + 1]
        delta = rewards[t] + discount * following * nonterminal - values[t]
        estimates[t] = last = delta + discount * gae_lambda * nonterminal * last
    return {
        "rewards": numbers(rewards),
        "values": numbers(values),
        "terminated": terminated.tolist(),
        "nextValue": next_value.item(),
        "advantages": numbers(estimates),
    }


golden = {
    "losses": [loss_of(clip_values, normalise) for clip_values in (True, False) for normalise in (True, False)],
    "distributions": distributions(),
    "advantages": advantages(),
}
(FOLDER / "losses/ppo.golden.json").write_text(json.dumps(golden) + "\n")
