"""Environment steps per processor second of PPO in stable-baselines3 on CartPole-v1, training included, one thread.

Hyperparameters by name: `zoo` those that rl-baselines3-zoo publishes for CartPole, `default` those of stable-baselines3 with
eight environments.
"""

import sys
import time

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

torch.set_num_threads(1)

name, steps = sys.argv[1], int(sys.argv[2])
options = {
    "zoo": dict(
        n_steps=32, batch_size=256, gae_lambda=0.8, gamma=0.98, n_epochs=20, ent_coef=0.0,
        learning_rate=lambda left: 0.001 * left, clip_range=lambda left: 0.2 * left,
    ),
    "default": dict(n_steps=256),
}[name]
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", n_envs=8, seed=1), device="cpu", seed=1, **options)
# What is built and compiled at the first update is not counted.
model.learn(8 * options["n_steps"])
start = time.process_time()
model.learn(steps)
print(steps / (time.process_time() - start))
