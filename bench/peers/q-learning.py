"""Updates of Q-learning in a processor second on FrozenLake 8 x 8, as it is usually written: a NumPy table, one step at a time."""

import random
import time

import numpy as np

LAKE = "SFFFFFFFFFFFFFFFFFFHFFFFFFFFFHFFFFFHFFFFFHHFFFHFFHFFHFHFFFFHFFFG"
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))


def moved(at, action):
    dx, dy = MOVES[action]
    x = min(7, max(0, at % 8 + dx))
    y = min(7, max(0, at // 8 + dy))
    return 8 * y + x


NEXT = [[[moved(s, (a + slip) % 4) for slip in (3, 0, 1)] for a in range(4)] for s in range(64)]


def learn(seconds):
    q = np.zeros((64, 4))
    alpha, gamma, epsilon = 0.1, 0.99, 0.1
    updates = 0
    start = time.perf_counter()
    used = time.process_time()
    while time.perf_counter() - start < seconds:
        state = 0
        for _ in range(200):
            action = random.randrange(4) if random.random() < epsilon else int(q[state].argmax())
            to = NEXT[state][action][random.randrange(3)]
            reward = 1.0 if LAKE[to] == "G" else 0.0
            ended = LAKE[to] in "HG"
            target = reward if ended else reward + gamma * q[to].max()
            q[state, action] += alpha * (target - q[state, action])
            updates += 1
            state = to
            if ended:
                break
    return updates / (time.process_time() - used)


learn(0.2)
print(learn(1.0))
