"""learn_one + forecast(30) per second of river's linear model on lags, on a daily season of minutes; prints one number."""

import math
import random
import time

from river import linear_model, preprocessing, time_series

season = 1440
rng = random.Random(1)
values = [
    100 + 50 * math.sin(i * 2 * math.pi / season) + 5 * rng.gauss(0, 1) for i in range(3 * season)
]
model = time_series.SNARIMAX(
    p=24,
    d=0,
    q=0,
    m=season,
    sp=2,
    regressor=preprocessing.StandardScaler() | linear_model.LinearRegression(),
)
for value in values[: 2 * season + 100]:
    model.learn_one(value)

done = 0
start = time.perf_counter()
while time.perf_counter() - start < 1:
    for _ in range(5):
        model.learn_one(values[2 * season + 100 + done % 1000])
        model.forecast(horizon=30)
        done += 1
print(done / (time.perf_counter() - start))
