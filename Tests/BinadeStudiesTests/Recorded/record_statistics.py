#!/usr/bin/env python3
"""Record SciPy's exact tests and quantiles that StatisticsTests compare with.

  python3 record_statistics.py > statistics.json       # SciPy 1.17
"""
import json
import random

from scipy import stats

random.seed(7)
tables = []
for index in range(1000):
    greatest = (10, 100, 1000, 20000)[index % 4]
    total = random.randrange(1, greatest)
    one = min(total, max(0, int(random.gauss(total / 2, total**0.5 * 1.5))))
    tables.append([one, total - one, stats.binomtest(one, total).pvalue])
quantiles = [
    [p, df, stats.t.ppf(p, df)] for p in (0.975, 0.95, 0.9995) for df in (1, 1.5, 2, 3, 4.7, 10, 30, 250, 99999)
]
print(json.dumps({"tables": tables, "quantiles": quantiles}))
