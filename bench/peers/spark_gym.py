"""The Spark world of docs/worlds/spark.md in plain Python, as a Gymnasium environment, and PPO of stable-baselines3 in it.

Everything that is chance (messages, what the edge says, lead times, moods, the gauge's noise) is read from the JSON of
bench/spark-episodes.ts, so that it is the same as there.

    spark_gym.py check FILE         actions of FILE played in its first episode: one JSON line of states and rewards
    spark_gym.py train FILE STEPS   environment steps per processor second of PPO, training included, one thread
"""

import json
import math
import sys
import time

RATE = 50.0
LATENCY_MS = 150.0
TIERS = [(5.0, 1.0, 0.1), (20.0, 1.0, 0.05), (100.0, 0.9, 0.02), (5000.0, 0.5, 0.005)]
PACKINGS = [(0.0, 1.0, 1.0), (10.0, 0.95, 0.6), (50.0, 0.8, 0.3)]
MESSAGE_MB = 0.04
WINDOW_DELAY = 2
GAUGE_STEPS = 4
MOOD_STEPS = 40
HELD_STEPS = 40
WEIGHT = 1.0 / 3.0
HIGHS = [1000.0, 1000.0, 1.0, 1.0, 10000.0, 20.0, 1.0, 1.0, 1.0, 1000.0, 1.0, 1000.0, 1.0]


class Fleet:
    """Units that serve, and batches that were asked for: [units, ready at]."""

    __slots__ = ("ready", "batches")

    def __init__(self, ready):
        self.ready = ready
        self.batches = []

    def starting(self):
        return sum(units for units, _ in self.batches)

    def resize(self, wanted, now, lead):
        more = wanted - self.ready - self.starting()
        if more > 0:
            self.batches.append([more, now + lead])
        while more < 0 and self.batches:
            newest = self.batches[-1]
            taken = min(newest[0], -more)
            newest[0] -= taken
            more += taken
            if newest[0] == 0:
                self.batches.pop()
        if more < 0:
            self.ready += more

    def arrive(self, now):
        if self.batches:
            self.ready += sum(units for units, at in self.batches if at <= now)
            self.batches = [batch for batch in self.batches if batch[1] > now]


class SparkWorld:
    """One episode after another; `reset(e)` and `step(action)` give lists of 13 numbers."""

    def __init__(self, data):
        self.step_ms = data["stepMs"]
        self.seconds = self.step_ms / 1000.0
        self.episodes = data["episodes"]

    def reset(self, number):
        self.episode = self.episodes[number % len(self.episodes)]
        self.executors = Fleet(6)
        self.memory = Fleet(4)
        self.at = 0
        self.backlog = 0.0
        self.past = []
        for _ in range(GAUGE_STEPS):
            self.advance(6, 4, 1, 0)
        return self.state()

    def advance(self, executors, memory, storage, compression):
        episode, step = self.episode, self.at
        coming = episode["messages"][step]
        now = step * self.step_ms
        lead = episode["leads"][step]
        self.executors.resize(executors, now, lead)
        self.memory.resize(memory, now, lead)
        tier_ms, tier_rate, tier_price = TIERS[storage]
        packing_ms, packing_rate, size = PACKINGS[compression]
        rate = self.executors.ready * RATE * min(1.0, self.memory.ready / 4.0) * tier_rate * packing_rate
        left = max(0.0, self.backlog + coming - rate * self.seconds)
        served = self.backlog + coming - left
        mood = step // MOOD_STEPS
        self.shuffle = episode["shuffle"][mood]
        self.temperature = episode["temperature"][mood]
        self.volume = coming * MESSAGE_MB
        wanted = self.executors.ready + self.executors.starting()
        paid = wanted * (0.1 + 0.05 * (self.memory.ready + self.memory.starting()))
        written = self.volume * self.shuffle * size / 1024.0
        self.cost = paid + written * tier_price * 3600.0 / self.seconds
        self.latency = LATENCY_MS + tier_ms + packing_ms + 1000.0 * left / rate
        held = coming * size * HELD_STEPS + left
        gb = self.executors.ready * self.memory.ready
        self.used = min(1.0, held * MESSAGE_MB / 1024.0 / gb)
        self.past.append((served, rate * self.seconds))
        self.backlog = left
        self.coming = coming
        self.at = step + 1
        later = now + self.step_ms
        self.executors.arrive(later)
        self.memory.arrive(later)
        felt = self.latency if self.latency <= 10000.0 else 10000.0 * (1.0 + math.log(self.latency / 10000.0))
        cold = 0.5 if self.temperature > 0.7 and storage > 1 else 0.0
        throughput = served / self.seconds
        return -WEIGHT * self.cost / 10.0 - WEIGHT * felt / 1000.0 + WEIGHT * throughput / 1000.0 - cold

    def state(self):
        episode = self.episode
        seen = self.at - 1 - WINDOW_DELAY
        served, could = self.past[seen]
        cpu = min(1.0, served / could * episode["noise"][seen])
        raw = [
            self.coming / self.seconds, self.volume, cpu, self.used, self.latency, self.cost, WEIGHT, WEIGHT, WEIGHT,
            self.volume * self.shuffle, self.temperature, episode["predicted"][self.at - 1], episode["alarm"][self.at - 1],
        ]
        return [min(1.0, max(0.0, value / high)) for value, high in zip(raw, HIGHS)]

    def step(self, action):
        reward = self.advance(int(action[0]) + 1, int(action[1]) + 1, int(action[2]), int(action[3]))
        return self.state(), reward, self.at == len(self.episode["messages"])


def check(data):
    world = SparkWorld(data)
    states, rewards = [world.reset(0)], []
    for action in data["actions"]:
        state, reward, _ = world.step(action)
        states.append(state)
        rewards.append(reward)
    print(json.dumps({"states": states, "rewards": rewards}))


def train(data, steps):
    import gymnasium
    import numpy as np
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    torch.set_num_threads(1)

    class SparkGym(gymnasium.Env):
        def __init__(self, index):
            self.world = SparkWorld(data)
            self.next = index
            self.observation_space = gymnasium.spaces.Box(0.0, 1.0, (13,), np.float32)
            self.action_space = gymnasium.spaces.MultiDiscrete([20, 8, 4, 3])

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.next += 8
            return np.array(self.world.reset(self.next), np.float32), {}

        def step(self, action):
            state, reward, over = self.world.step(action)
            return np.array(state, np.float32), reward, False, over, {}

    worlds = VecNormalize(DummyVecEnv([lambda i=i: SparkGym(i) for i in range(8)]), gamma=0.97)
    model = PPO(
        "MlpPolicy", worlds, n_steps=256, batch_size=256, n_epochs=10, gamma=0.97, gae_lambda=0.95,
        learning_rate=lambda left: 0.002 * left, ent_coef=0.0, device="cpu", seed=1,
    )
    # What is built and compiled at the first update is not counted.
    model.learn(8 * 256)
    start = time.process_time()
    model.learn(steps)
    print(steps / (time.process_time() - start))


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        given = json.load(file)
    if sys.argv[1] == "check":
        check(given)
    else:
        train(given, int(sys.argv[3]))
