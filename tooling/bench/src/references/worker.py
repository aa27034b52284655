"""A contender's process for PyTorch: `worker.py <file> <full or quick>`; the protocol is that of worker.ts."""

import importlib.util
import json
import math
import resource
import statistics
import sys
import time

import torch

QUICK = sys.argv[2] == "quick"
NUMBERS = 256
# Seconds, as in worker.ts.
WARM_UP = 0.0 if QUICK else 1.0
TURN = 0.0 if QUICK else 0.3
# Milliseconds, as in worker.ts.
LONG = 1000

spec = importlib.util.spec_from_file_location("contender", sys.argv[1])
contender = importlib.util.module_from_spec(spec)
spec.loader.exec_module(contender)
prepared = {}
warm = set()
given = {}


def peak():
    """Of resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


started = peak()


def outputs_of(result):
    """The texts of a result, and evenly spaced numbers of each of its tensors."""
    if isinstance(result, str):
        return {"numbers": [], "texts": [result]}
    if not isinstance(result, torch.Tensor):
        return together(outputs_of(part) for part in result)
    flat = result.detach().reshape(-1)
    return {"numbers": flat[:: max(1, math.ceil(len(flat) / NUMBERS))].tolist(), "texts": []}


def together(parts):
    parts = list(parts)
    return {kind: [value for part in parts for value in part[kind]] for kind in ("numbers", "texts")}


def outputs(key, request):
    """What the first runs of a case give; what training has changed since is made anew."""
    runs = request["runs"]
    if (runs, key) not in given:
        prepared[key] = contender.prepare(request["case"])
        given[runs, key] = together(outputs_of(prepared[key]()) for _ in range(runs))
    return given[runs, key]


def fresh(case, what):
    """The first run of a case from the beginning: its milliseconds, or the peak of resident memory, with what it gave."""
    start = time.perf_counter()
    run = contender.prepare(case)
    opened = peak()
    result = run()
    elapsed, memory = (time.perf_counter() - start) * 1000, peak()
    if what == "opening":
        return {"value": elapsed, "outputs": outputs_of(result)}
    return {"value": memory, "outputs": outputs_of(result), "stages": {"started": started, "opened": opened}}


def measure(request):
    key, what = json.dumps(request["case"]), request["measure"]
    if what == "outputs":
        return outputs(key, request)
    if what in ("opening", "resident"):
        return fresh(request["case"], what)
    if key not in prepared:
        prepared[key] = contender.prepare(request["case"])
    run = prepared[key]
    if what == "time":
        if key not in warm:
            time_runs(run, WARM_UP)
        warm.add(key)
        first = time_runs(run, 0)[0]
        return first if QUICK or first > LONG else statistics.median(time_runs(run, TURN))
    before = peak()
    run()
    return peak() - before


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
