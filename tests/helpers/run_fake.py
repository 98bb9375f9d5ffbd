"""Run a sweep of fake trials that can be interrupted. Arguments: the results folder, then keywords of `run` as JSON."""

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

import ray.cloudpickle

from helpers import fake
from landscape.core import strict_yaml
from landscape.core.errors import UserError
from landscape.space.space import Space
from landscape.sweep.pool import ray_internals
from landscape.sweep.run import run

ray.cloudpickle.register_pickle_by_value(fake)

if __name__ == "__main__":
    options = json.loads(sys.argv[2])
    changes = options.pop("changes", {})
    data = strict_yaml.parse(fake.SPACE, "fake").data | changes
    if options.pop("plain_ray", False):
        ray_internals.FOUND = dict.fromkeys(ray_internals.FOUND, False)
    print("ready", flush=True)
    begin = time.perf_counter()
    try:
        results = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])
        run_trial = None if options.pop("real", False) else fake.fake_trial
        result = run(Space.parse(data), results_dir=results, run_trial=run_trial, **options)
    except UserError as error:
        print(f"landscape: {error}", file=sys.stderr)
        sys.exit(2)
    print(
        json.dumps({"trials": result.trials, "interrupted": result.interrupted, "seconds": time.perf_counter() - begin, "pid": os.getpid()})
    )
    sys.exit(130 if result.interrupted else 0)
