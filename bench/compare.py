"""Planner and exact programme side by side on a folder of problems: gap, time, memory.

    python -m bench.compare FOLDER [--limit 60]

Needs scipy for the exact side. Times are of this process's CPU; both sides run one after the other in the same run.
"""

import argparse
import json
from pathlib import Path
from statistics import mean, median
import sys
import time
import tracemalloc

from bench.core import room
from bench.milp import solve
from bench.plan import question
from bench.replay import live


def main() -> int:
    """Compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=float, default=60)
    asked = parser.parse_args()
    make_plan = room("plan.planner").make_plan
    rows = []
    for path in sorted(asked.folder.glob("*.json")):
        problem = json.loads(path.read_text(encoding="utf-8"))
        asking = question(problem)
        begin = time.process_time()
        plan = make_plan(asking)
        took = time.process_time() - begin
        tracemalloc.start()
        make_plan(asking)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        exact, exact_s, proved = solve(problem, limit=asked.limit)
        if exact is None:
            print(f"{path.stem:40s} no exact answer")
            continue
        life = live(asking, [slot.power_w for slot in plan.slots])
        gap = life.cost - live(asking, [1000 * power for power in exact]).cost
        rows.append((gap, took, exact_s, peak))
        print(
            f"{path.stem:40s} gap {gap:8.4f} {life.broken or ''} plan {1000 * took:5.0f} ms {peak:4.1f} MiB"
            f"   exact {1000 * exact_s:6.0f} ms{'' if proved else ' not proved'}"
        )
    gaps, ours, theirs, peaks = zip(*rows, strict=True)
    print(
        f"{len(rows)} problems: gap mean {mean(gaps):.5f} worst {max(gaps):.5f};"
        f" plan median {1000 * median(ours):.0f} ms"
        f" worst {1000 * max(ours):.0f} ms {max(peaks):.1f} MiB; exact median {1000 * median(theirs):.0f} ms"
        f" worst {1000 * max(theirs):.0f} ms; ratio of medians {median(ours) / median(theirs):.3f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
