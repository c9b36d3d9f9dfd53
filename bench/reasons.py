"""Are the reasons true? Plans made-up homes and holds every slot's reason against its plan.

python -m bench.reasons [COUNT] [FIRST_SEED]
"""

import argparse
from collections import Counter
import sys

from bench.core import room
from bench.homes import home
from bench.plan import question


def main() -> int:
    """Plan, check, count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("first", type=int, nargs="?", default=1)
    asked = parser.parse_args()
    make_plan, agrees = room("plan.planner").make_plan, room("plan.agreement").agrees
    words: Counter[str] = Counter()
    false = 0
    for seed in range(asked.first, asked.first + asked.count):
        asking = question(home(seed))
        plan = make_plan(asking)
        for k, slot in enumerate(plan.slots):
            words[slot.why.reason.value] += 1
            if not agrees(asking, plan, k):
                false += 1
                print(f"home-{seed} slot {k}: {slot.why}")
    for word, count in words.most_common():
        print(f"{count:7d} {word}")
    print(f"{asked.count} homes, {words.total()} slots, {false} reasons that do not agree with their plan")
    return 1 if false else 0


if __name__ == "__main__":
    sys.exit(main())
