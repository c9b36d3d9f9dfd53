"""Are the reasons true? Plans made-up homes and holds every slot's reason against its plan.

python -m bench.reasons [COUNT] [FIRST_SEED]
python -m bench.reasons --table
"""

import argparse
from collections import Counter
import json
import sys

from bench.core import CORE, room
from bench.homes import home
from bench.plan import question


def table() -> str:
    """Return every reason a plan may give, with its sentence and the slots it may stand in."""
    reasons, agreement = room("model.reasons"), room("plan.agreement")
    words = json.loads((CORE.parent / "translations" / "en.json").read_text(encoding="utf-8"))
    sentences = words["entity"]["sensor"]["reason"]["state"]
    sides = {"charge": agreement.CHARGING, "give back": agreement.GIVING, "rest": agreement.RESTING}
    lines = ["| reason | sentence | slots that |", "|---|---|---|"]
    for reason in reasons.Reason:
        found = [side for side, claims in sides.items() if reason in claims]
        if found:
            lines.append(f"| `{reason}` | {sentences[reason]} | {', '.join(found)} |")
    return "\n".join(lines)


def main() -> int:
    """Plan, check, count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("first", type=int, nargs="?", default=1)
    parser.add_argument("--table", action="store_true", help="draw the table of the documents instead")
    asked = parser.parse_args()
    if asked.table:
        print(table())
        return 0
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
