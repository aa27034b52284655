"""A contender's process for PyTorch: `worker.py <file>`; the protocol is that of worker.ts."""

import importlib.util
import json
import resource
import sys
import time

spec = importlib.util.spec_from_file_location("contender", sys.argv[1])
contender = importlib.util.module_from_spec(spec)
spec.loader.exec_module(contender)
prepared = {}

for line in sys.stdin:
    request = json.loads(line)
    key = json.dumps(request["case"])
    if key not in prepared:
        prepared[key] = contender.prepare(request["case"])
        if request["measure"] == "time":
            prepared[key]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    prepared[key]()
    elapsed = (time.perf_counter() - start) * 1000
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6
    print("@" + json.dumps({"value": elapsed if request["measure"] == "time" else grown}), flush=True)
