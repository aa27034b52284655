"""A contender's process for PyTorch: `worker.py <file>`; the protocol is that of worker.ts."""

import importlib.util
import json
import math
import resource
import statistics
import sys
import time

import torch

NUMBERS = 256
# Seconds, as in worker.ts.
WARM_UP = 1.0
TURN = 0.3

spec = importlib.util.spec_from_file_location("contender", sys.argv[1])
contender = importlib.util.module_from_spec(spec)
spec.loader.exec_module(contender)
prepared = {}
given = {}


def numbers(result):
    """Evenly spaced numbers of each tensor of a result."""
    if not isinstance(result, torch.Tensor):
        return [value for part in result for value in numbers(part)]
    flat = result.detach().reshape(-1)
    return flat[:: math.ceil(len(flat) / NUMBERS)].tolist()


def outputs(key, request):
    """What the first runs of a case give; what training has changed since is made anew."""
    runs = request["runs"]
    if (runs, key) not in given:
        prepared[key] = contender.prepare(request["case"])
        given[runs, key] = [value for _ in range(runs) for value in numbers(prepared[key]())]
    return given[runs, key]


def measure(request):
    key, what = json.dumps(request["case"]), request["measure"]
    if what == "outputs":
        return outputs(key, request)
    if key not in prepared:
        prepared[key] = contender.prepare(request["case"])
        if what == "time":
            time_runs(prepared[key], WARM_UP)
    if what == "time":
        time_runs(prepared[key], 0)
        return statistics.median(time_runs(prepared[key], TURN))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    prepared[key]()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6


def time_runs(run, duration):
    """Runs until so many seconds are over, once at least; milliseconds of each."""
    times = []
    end = time.perf_counter() + duration
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return times


for line in sys.stdin:
    try:
        answer = {"value": measure(json.loads(line))}
    except Exception as error:  # a contender's failure is a cell of the table
        answer = {"error": f"{type(error).__name__}: {error}".split("\n")[0]}
    print("@" + json.dumps(answer), flush=True)
