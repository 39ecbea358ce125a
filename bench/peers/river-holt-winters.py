"""learn_one + forecast(30) per second of river's HoltWinters on a daily season of minutes; prints one number."""

import math
import random
import time

from river import time_series

season = 1440
rng = random.Random(1)
values = [100 + 50 * math.sin(i * 2 * math.pi / season) + rng.gauss(0, 5) for i in range(8 * season)]
model = time_series.HoltWinters(alpha=0.3, beta=0.05, gamma=0.1, seasonality=season)
for y in values[: 7 * season]:
    model.learn_one(y)
done = 0
start = time.perf_counter()
while time.perf_counter() - start < 1:
    for y in values[7 * season + done % season :][:20]:
        model.learn_one(y)
        model.forecast(horizon=30)
        done += 1
print(done / (time.perf_counter() - start))
