"""The protocol between `bench_peers.py` and its workers, from the worker's side.

A worker prepares its work, warms up and prints one line of JSON that describes it. Then it answers every line on its
standard input with one line: the seconds of one run, measured now. It ends when its input does.
"""
import json
import sys
import time


def seconds_of(run, count):
    start = time.perf_counter()
    for _ in range(count):
        run()
    return time.perf_counter() - start


def serve(run, description, least_seconds):
    """Serves samples of `run`, which is repeated until a sample takes `least_seconds`."""
    seconds_of(run, 1)
    once = seconds_of(run, 1)
    count = 1 if once >= least_seconds else int(least_seconds / max(once, 1e-7)) + 1
    print(json.dumps(description), flush=True)
    for _ in sys.stdin:
        print(seconds_of(run, count) / count, flush=True)
