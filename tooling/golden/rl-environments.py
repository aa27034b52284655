"""Golden values for packages/rl: Gymnasium's classic control for given start states and actions, its vectors' three kinds of autoreset, its normalisers.

    python tooling/golden/rl-environments.py

needs gymnasium (made with 1.4.0) and numpy. Of each environment 1,000 steps: where an episode is over, the next begins in the next start state. The
autoreset sequences are those of an environment that counts: its observation is the number of its episode and of the step.
"""

import base64
import json
from pathlib import Path

import gymnasium as gym
import numpy as np
from gymnasium.envs.classic_control import AcrobotEnv, CartPoleEnv, MountainCarEnv, PendulumEnv
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import NormalizeObservation, NormalizeReward

FOLDER = Path(__file__).parents[2] / "packages/rl/src"
STEPS = 1000
LIMITS = {"cart-pole": 500, "acrobot": 500, "mountain-car": 200, "pendulum": 200}
KINDS = {"cart-pole": CartPoleEnv, "acrobot": AcrobotEnv, "mountain-car": MountainCarEnv, "pendulum": PendulumEnv}


def text(values, dtype):
    return base64.b64encode(np.asarray(values, dtype).tobytes()).decode()


def action_of(name, random, observation):
    """Not at random alone, or no episode is long: CartPole is balanced by a rule, the car is rocked."""
    if name == "pendulum":
        return random.uniform(-2, 2, 1).astype(np.float32)
    if random.random() < 0.1:
        return int(random.integers(2 if name == "cart-pole" else 3))
    if name == "cart-pole":
        return int(observation[2] + 0.5 * observation[3] + 0.05 * observation[0] > 0)
    return 2 if observation[-1] > 0 else 0


def trace(name):
    random = np.random.default_rng(1983)
    environment = KINDS[name]()
    starts, actions, observations, rewards, ends = [], [], [], [], []

    def begin():
        size = 4 if name in ("cart-pole", "acrobot") else 2
        start = random.uniform(-0.05, 0.05, size) if size == 4 else np.array([random.uniform(-0.6, -0.4), 0.0])
        if name == "pendulum":
            start = random.uniform([-np.pi, -1], [np.pi, 1])
        environment.reset(seed=0)
        environment.state = np.array(start)
        starts.append(start)
        return environment._get_ob() if name == "acrobot" else environment._get_obs() if name == "pendulum" else start

    observation, left = begin(), LIMITS[name]
    for _ in range(STEPS):
        action = action_of(name, random, observation)
        observation, reward, terminated, _, _ = environment.step(action)
        left -= 1
        actions.append(np.ravel(action)[0])
        observations.append(observation)
        rewards.append(reward)
        ends.append(1 if terminated else 2 if left == 0 else 0)
        if ends[-1]:
            observation, left = begin(), LIMITS[name]
    return {
        "starts": [list(map(float, start)) for start in starts],
        "actions": text(actions, np.float32),
        "observations": text(observations, np.float32),
        "rewards": text(rewards, np.float32),
        "ends": text(ends, np.uint8),
    }


class Counting(gym.Env):
    """Observations [episode, step]; episode e of environment i has 1 + (e + i) % 3 steps, the even ones terminate, the others are truncated."""

    observation_space = gym.spaces.Box(0, 100, (2,))
    action_space = gym.spaces.Discrete(2)

    def __init__(self, index):
        self.index, self.episode = index, -1

    def reset(self, *, seed=None, options=None):
        self.episode, self.count = self.episode + 1, 0
        return self.seen(), {}

    def seen(self):
        return np.array([self.episode, self.count], np.float32)

    def step(self, action):
        self.count += 1
        over = self.count == 1 + (self.episode + self.index) % 3
        even = self.episode % 2 == 0
        return self.seen(), float(10 * self.episode + self.count + action), over and even, over and not even, {}


def autoreset(mode):
    vector = SyncVectorEnv([lambda index=index: Counting(index) for index in range(2)], autoreset_mode=mode)
    observations, _ = vector.reset(seed=1)
    moments = [{"observations": observations.tolist()}]
    for step in range(12):
        observations, rewards, terminated, truncated, infos = vector.step(np.array([step % 2, 1]))
        final = infos.get("final_obs")
        moment = {
            "observations": observations.tolist(),
            "rewards": rewards.tolist(),
            "terminated": terminated.astype(int).tolist(),
            "truncated": truncated.astype(int).tolist(),
        }
        if mode == AutoresetMode.SAME_STEP:
            moment["final"] = [None if final is None or item is None else item.tolist() for item in (final if final is not None else [None, None])]
        over = terminated | truncated
        if mode == AutoresetMode.DISABLED and over.any():
            moment["reset"] = vector.reset(options={"reset_mask": over})[0].tolist()
        moments.append(moment)
    return moments


def normalised():
    """Pendulum from one state with given torques, wrapped: what observations and rewards become."""
    environment = NormalizeReward(NormalizeObservation(gym.make("Pendulum-v1")), gamma=0.9)
    environment.reset(seed=0)
    torques = np.random.default_rng(5).uniform(-2, 2, (40, 1)).astype(np.float32)
    observations, rewards = [], []
    environment.unwrapped.state = np.array([2.0, -0.5])
    first = environment.unwrapped._get_obs()
    environment.env.obs_rms = type(environment.env.obs_rms)(shape=(3,), dtype=np.float64)
    seen = environment.env.observation(first)
    observations.append(seen)
    for torque in torques:
        observation, reward, *_ = environment.step(torque)
        observations.append(observation)
        rewards.append(reward)
    return {"torques": torques[:, 0].tolist(), "observations": np.array(observations).tolist(), "rewards": list(map(float, rewards))}


def write(path, content):
    (FOLDER / path).write_text(json.dumps(content) + "\n")


write("environments/classic-control/classic-control.golden.json", {name: trace(name) for name in KINDS})
write("vectors/autoreset.golden.json", {mode.value: autoreset(mode) for mode in AutoresetMode})
write("wrappers/normalise.golden.json", normalised())
